import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';

const script = (await cli(['completion', 'bash'])).out;

/** What bash offers for the last of the words, by sourcing the script and calling its function. */
function complete(words: readonly string[]): readonly string[] {
  const program = `${script}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    COMPREPLY=(); _carillon; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', program], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

describe('completion in bash', () => {
  it('is registered', () => {
    const shown = execFileSync('bash', ['--norc', '-c', `${script}\ncomplete -p carillon`], { encoding: 'utf8' });
    expect(shown).toBe('complete -o default -F _carillon carillon\n');
  });

  it.each<[string[], string[]]>([
    [['carillon', 'a'], ['agent']],
    [['carillon', 'raft', 'l'], ['list-peers']],
    [
      ['carillon', 'completion', ''],
      ['bash', 'zsh', 'fish', 'powershell', '--help'],
    ],
    [['carillon', 'agent', '--http'], ['--http-addr']],
    [['carillon', 'agent', '--server', '--ui', '--enable'], ['--enable-prometheus']],
    [['carillon', 'agent', '--node-name', 'x', '--profile', 'w'], ['wan']],
    [
      ['carillon', 'agent', '--profile', '=', 'l'],
      ['lan', 'local'],
    ],
    [
      ['carillon', 'agent', '--profile', '='],
      ['lan', 'wan', 'local'],
    ],
    [['carillon', 'agent', '--node-name', ''], []],
    [['carillon', 'agent', '--config', ''], []],
    [['carillon', 'version', '--'], ['--help']],
    [['carillon', 'raft', 'remove-peer', '--p'], ['--peer-id']],
    [
      ['carillon', 'jobs', 'd'],
      ['diff', 'delete'],
    ],
    [['carillon', 'jobs', 'apply', '--d'], ['--dry-run']],
    [['carillon', 'jobs', 'apply', '-f', 'x', '--pr'], ['--prune']],
    [['carillon', 'jobs', 'apply', '-f', ''], []],
    [['carillon', 'jobs', 'list', '--status', 's'], ['success']],
    [['carillon', 'jobs', 'next', '-n', ''], []],
    [
      ['carillon', 'executions', 'l'],
      ['list', 'logs'],
    ],
  ])('of %j offers %j', (words, offered) => {
    expect(complete(words)).toEqual(offered);
  });
});

describe('completion in the other shells', () => {
  it.each([
    [
      'zsh',
      [
        "'agent:Start a Carillon agent'",
        "'*-f[YAML",
        "'*--profile=[",
        ':value:(lan wan local)',
        'compdef _carillon carillon',
      ],
    ],
    [
      'fish',
      [
        '-a agent',
        '-l file -s f -r -F',
        '-l profile -x -a ',
        '__fish_seen_subcommand_from raft; and __fish_seen_subcommand_from list-peers',
      ],
    ],
    [
      'powershell',
      [
        "'carillon raft' = @(",
        "'carillon jobs list --status' = @('success',",
        "'carillon agent --profile' = @('lan', 'wan', 'local')",
      ],
    ],
  ])('%s has commands, flags and values', async (shell, pieces) => {
    const { out, exitCode } = await cli(['completion', shell]);
    expect(exitCode).toBe(0);
    for (const piece of pieces) expect(out).toContain(piece);
    for (const flag of ['--retry-join', '--data-dir', '--api'])
      expect(out).toContain(flag.slice(shell === 'fish' ? 2 : 0));
  });

  it.each(['zsh', 'fish', 'powershell'])('%s leaves descriptions out when asked', async (shell) => {
    const [long, short] = [await cli(['completion', shell]), await cli(['completion', shell, '--no-descriptions'])];
    expect(long.out).toContain('Start a Carillon agent');
    expect(short.out).not.toContain('Start a Carillon agent');
  });
});
