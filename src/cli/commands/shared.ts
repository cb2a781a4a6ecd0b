import type { Command } from 'commander';
import { apiVariable, defaultApi } from '../client/api-client.ts';
import { CliError } from '../types.ts';

/** Options of every command that talks to a server. */
export interface ApiOptions {
  readonly api?: string;
  readonly json?: true;
}

export const apiOptionTexts = [
  '--api <url>',
  `URL of the HTTP API of any server (default ${defaultApi}, or what ${apiVariable} names)`,
] as const;

/** Adds `--json` and `--api`. */
export function addApiOptions(command: Command): Command {
  return command.option('--json', 'Write JSON for programs').option(...apiOptionTexts);
}

export const selectorTexts = ['--selector <key=value>', 'Only jobs with this metadata; may be repeated'] as const;

/** Gathers `--selector key=value`, which may be repeated. */
export function addSelector(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const separator = text.indexOf('=');
  if (separator < 1) throw new CliError(`--selector: "${text}" is not key=value, such as team=billing`);
  return new Map([...before, [text.slice(0, separator), text.slice(separator + 1)]]);
}
