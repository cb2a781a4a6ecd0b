import { type Command, Option } from 'commander';
import { type FlagDefinition, flags } from '../../config/flag-table.ts';
import { loadConfig, reloadConfig } from '../../config/load.ts';
import type { CliHost } from '../types.ts';

const kinds: ReadonlyMap<string, FlagDefinition['kind']> = new Map(flags.map(({ name, kind }) => [`--${name}`, kind]));

export function addAgentCommand(program: Command, host: CliHost): void {
  const given = new Map<string, readonly string[]>();
  const command = program
    .command('agent')
    .description('Start a Carillon agent')
    .addHelpText(
      'after',
      '\nEach flag is also an environment variable (CARILLON_NODE_NAME) and a key of the configuration file.',
    );
  for (const flag of flags) {
    command.addOption(
      agentOption(flag).argParser((text: string) => {
        given.set(flag.name, [...(given.get(flag.name) ?? []), text]);
        return text;
      }),
    );
  }
  command.action(async () => {
    const { config, notices } = await loadConfig(given, host.config);
    await host.runAgent(config, { notices, reloadConfig: () => reloadConfig(config, given, host.config) });
  });
}

function agentOption(flag: FlagDefinition): Option {
  const value = flag.kind === 'bool' ? ' [boolean]' : ` <${flag.placeholder}>`;
  const standard = flag.default === '' ? '' : ` (default ${flag.default})`;
  const later = flag.later === undefined ? '' : ' Not available in this version.';
  return new Option(`--${flag.name}${value}`, `${flag.help}${later}${standard}`);
}

/**
 * A boolean flag takes its value only after `=` (`--ui=false`), as Go's flags do; commander would also take the next
 * argument for it. Values of other flags are left alone.
 */
export function bindBooleans(args: readonly string[]): readonly string[] {
  if (args[0] !== 'agent') return args;
  const bound: string[] = [];
  let isValue = false;
  for (const arg of args) {
    const kind: FlagDefinition['kind'] | undefined = isValue ? undefined : kinds.get(arg);
    bound.push(kind === 'bool' ? `${arg}=true` : arg);
    isValue = kind !== undefined && kind !== 'bool';
  }
  return bound;
}
