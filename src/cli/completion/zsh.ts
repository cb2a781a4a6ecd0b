import { allCommands, type CommandEntry, type OptionEntry } from '../command-table.ts';

/** One function per command; works sourced and as a file `_carillon` in `fpath`. */
export function zshCompletion(root: CommandEntry, descriptions: boolean): string {
  const main = functionName(root);
  return `#compdef ${root.path.join(' ')}
${allCommands(root)
  .map((entry) => commandFunction(entry, descriptions))
  .join('\n')}
if [ "$funcstack[1]" = "${main}" ]; then
  ${main} "$@"
else
  compdef ${main} ${root.path.join(' ')}
fi
`;
}

function commandFunction(entry: CommandEntry, descriptions: boolean): string {
  const specifications = entry.options.flatMap((option) => optionSpecifications(option, descriptions));
  if (entry.children.length === 0) {
    return `${functionName(entry)}() {\n  _arguments \\\n    ${specifications.join(' \\\n    ')}\n}\n`;
  }
  const names = entry.children.map(({ path, description }) => {
    const name = path.at(-1) ?? '';
    return quote(descriptions ? `${name}:${description.replaceAll(':', '\\:')}` : name);
  });
  const cases = entry.children.map((child) => `        ${child.path.at(-1)}) ${functionName(child)} ;;`);
  return `${functionName(entry)}() {
  local context state line
  typeset -A opt_args
  _arguments -C \\
    ${[...specifications, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(
        ${names.join('\n        ')}
      )
      _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}
`;
}

/** One per name: what follows a long one may be joined by `=`, what follows a short one stands apart. */
function optionSpecifications(option: OptionEntry, descriptions: boolean): readonly string[] {
  const { long, short, description, value, choices } = option;
  const text = descriptions ? `[${description.replace(/[\\[\]:]/g, '\\$&')}]` : '';
  const [repeat, joined] = value === 'none' ? ['', ''] : ['*', '='];
  const rest = `${text}${action(value, choices)}`;
  const longSpecification = quote(`${repeat}${long}${joined}${rest}`);
  return short === null ? [longSpecification] : [longSpecification, quote(`${repeat}${short}${rest}`)];
}

function action(value: OptionEntry['value'], choices: readonly string[]): string {
  switch (value) {
    case 'none':
      return '';
    case 'choice':
      return `:value:(${choices.join(' ')})`;
    case 'file':
      return ':path:_files';
    case 'directory':
      return ':path:_files -/';
    case 'text':
      return ':value: ';
  }
}

const functionName = ({ path }: CommandEntry): string => `_${path.join('_').replaceAll('-', '_')}`;

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
