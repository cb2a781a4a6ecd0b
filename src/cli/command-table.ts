import type { Command } from 'commander';
import { flags } from '../config/flag-table.ts';
import { optionTerm } from './option-term.ts';

/** One command as documentation and shell completion see it. */
export interface CommandEntry {
  /** All words, `carillon` first. */
  readonly path: readonly string[];
  readonly description: string;
  readonly usage: string;
  readonly options: readonly OptionEntry[];
  readonly children: readonly CommandEntry[];
}

export interface OptionEntry {
  readonly long: string;
  /** `-f`; null: it has only its long name. */
  readonly short: string | null;
  /** As help shows it: `--node-name <name>`. */
  readonly term: string;
  readonly description: string;
  /** What may follow: nothing, one of `choices`, a path, or text that can't be guessed. */
  readonly value: 'none' | 'choice' | 'file' | 'directory' | 'text';
  readonly choices: readonly string[];
}

const pathOptions: ReadonlyMap<string, 'file' | 'directory'> = new Map([
  ['--config', 'file'],
  ['--data-dir', 'directory'],
  ['--dir', 'directory'],
  ['--file', 'file'],
  ['--output', 'file'],
]);
const choicesByOption = new Map(
  flags.map(({ name, choices }): [string, readonly string[]] => [`--${name}`, choices ?? []]),
);

const helpOption: OptionEntry = {
  long: '--help',
  short: '-h',
  term: '-h, --help',
  description: 'display help for command',
  value: 'none',
  choices: [],
};

/** Describes a command and everything below it. */
export function commandTable(command: Command, parents: readonly string[] = []): CommandEntry {
  const path = [...parents, command.name()];
  return {
    path,
    description: command.description(),
    usage: `${path.join(' ')} ${command.usage()}`,
    options: [...command.options.map(describeOption), helpOption],
    children: command.commands.map((child) => commandTable(child, path)),
  };
}

/** The command and all below it, parents first. */
export function allCommands(entry: CommandEntry): readonly CommandEntry[] {
  return [entry, ...entry.children.flatMap(allCommands)];
}

function describeOption(option: Command['options'][number]): OptionEntry {
  const long = option.long ?? '';
  const choices = option.argChoices ?? choicesByOption.get(long) ?? [];
  const path = pathOptions.get(long);
  const text = choices.length > 0 ? 'choice' : 'text';
  return {
    long,
    short: option.short ?? null,
    term: optionTerm(option),
    description: option.description,
    value: option.required ? (path ?? text) : 'none',
    choices,
  };
}
