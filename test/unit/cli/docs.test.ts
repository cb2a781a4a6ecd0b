import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { allCommands, commandTable } from '../../../src/cli/command-table.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { exitCodes } from '../../../src/cli/types.ts';
import { noTerminal } from '../../support/cli.ts';
import { fakeConfigHost } from '../../support/config-host.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
const program = buildProgram({
  config: fakeConfigHost(),
  input: { readAll: async () => null },
  output: { out: () => undefined, outBytes: async () => undefined, error: () => undefined },
  clock: { nowMs: () => 0, pause: async () => undefined },
  terminal: noTerminal,
  runAgent: async () => 0,
});
const commands = allCommands(commandTable(program));
/** docs/configuration.md has the agent's flags. */
const described = commands.filter(({ path: words }) => words[1] !== 'agent');

describe('docs/cli.md', () => {
  it('has a row for each command that does something', () => {
    const undocumented = commands
      .filter(({ path: words, children }) => words.length > 1 && children.length === 0)
      .map(({ path: words }) => words)
      .filter((words) => !page.includes(`\`${words.join(' ')}\``) && !page.includes(`\`${words.at(-1)}\``));
    expect(undocumented).toEqual([]);
  });

  it('names each flag', () => {
    const flags = new Set(
      described.flatMap(({ options }) => options.flatMap(({ long, short }) => [long, short ?? long])),
    );
    flags.delete('-h');
    // Taken and ignored: raft has nothing to do with one server.
    for (const flag of ['--rpc-addr', '--peer-id']) flags.delete(flag);
    expect([...flags].filter((flag) => !page.includes(`\`${flag}\``))).toEqual([]);
  });

  it('names no flag that there is not', () => {
    const known = new Set(commands.flatMap(({ options }) => options.map(({ long }) => long)));
    const outside = /^ {0,3}docker /m;
    const named = page
      .split('\n')
      .filter((line) => !outside.test(line) && !line.includes('docker'))
      .flatMap((line) => line.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? []);
    expect([...new Set(named)].filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('lists the exit codes', () => {
    const documented = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
    expect(documented).toEqual(Object.values(exitCodes));
  });
});
