import { allCommands, type CommandEntry, type OptionEntry } from '../command-table.ts';

export function fishCompletion(root: CommandEntry, descriptions: boolean): string {
  const name = root.path.join(' ');
  const lines = allCommands(root).flatMap((entry) => {
    const condition = conditionOf(entry);
    return [
      ...entry.children.map(
        (child) =>
          `complete -c ${name} -n ${quote(condition)} -a ${child.path.at(-1)}${say(child.description, descriptions)}`,
      ),
      ...entry.options.map(
        (option) =>
          `complete -c ${name} -n ${quote(condition)} -l ${option.long.slice(2)}${shortName(option)}${valueHint(option)}${say(option.description, descriptions)}`,
      ),
    ];
  });
  return `# fish completion for ${name}\ncomplete -c ${name} -f\n${lines.join('\n')}\n`;
}

/** True while the words typed lead to this command and no further down. */
function conditionOf({ path, children }: CommandEntry): string {
  const seen = path.slice(1).map((word) => `__fish_seen_subcommand_from ${word}`);
  const below = children.map((child) => child.path.at(-1)).join(' ');
  return [...seen, ...(below === '' ? [] : [`not __fish_seen_subcommand_from ${below}`])].join('; and ');
}

const shortName = ({ short }: OptionEntry): string => (short === null ? '' : ` -s ${short.slice(1)}`);

function valueHint({ value, choices }: OptionEntry): string {
  switch (value) {
    case 'none':
      return '';
    case 'choice':
      return ` -x -a ${quote(choices.join(' '))}`;
    case 'file':
      return ' -r -F';
    case 'directory':
      return " -x -a '(__fish_complete_directories)'";
    case 'text':
      return ' -x';
  }
}

const say = (description: string, descriptions: boolean): string => (descriptions ? ` -d ${quote(description)}` : '');

const quote = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
