import { allCommands, type CommandEntry, type OptionEntry } from '../command-table.ts';

/**
 * Bash splits words at `=`, so `--profile=w` arrives as three words. An empty answer lets bash complete file names.
 * Bash shows no descriptions.
 */
export function bashCompletion(root: CommandEntry): string {
  const commands = allCommands(root);
  const name = root.path.join('_');
  return `# bash completion for ${name}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="${name}" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${commands
        .slice(1)
        .map(({ path }) => quoted(path))
        .join('|')})
        command="$command \${COMP_WORDS[i]}" ;;
    esac
  done
  if [[ "$current" == "=" ]]; then
    current=""
  elif [[ "$previous" == "=" ]]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$command $previous" in
${commands.flatMap((entry) => entry.options.flatMap((option) => valueCase(entry, option))).join('\n')}
    *)
      case "$command" in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`;
}

function valueCase({ path }: CommandEntry, { long, short, value, choices }: OptionEntry): readonly string[] {
  const names = short === null ? [long] : [long, short];
  const pattern = `    ${names.map((name) => quoted([...path, name])).join('|')})`;
  if (value === 'choice') return [`${pattern} words="${choices.join(' ')}" ;;`];
  return value === 'none' ? [] : [`${pattern} COMPREPLY=(); return ;;`];
}

function commandCase({ path, options, children }: CommandEntry): string {
  const names = children.map((child) => child.path.at(-1));
  return `        ${quoted(path)}) words="${[...names, ...options.map(({ long }) => long)].join(' ')}" ;;`;
}

const quoted = (words: readonly string[]): string => `"${words.join(' ')}"`;
