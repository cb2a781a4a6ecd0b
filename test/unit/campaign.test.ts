import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const run = (script: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../../bin/${script}.mjs`, import.meta.url)), ...args], {
    encoding: 'utf8',
  });

describe('campaigns', () => {
  it.each([
    ['sim', ['--nonsense'], "Unknown option '--nonsense'"],
    ['sim', ['--seeds', 'many'], "--seeds can't be 'many'"],
    ['kills', ['--times', '0'], "--times can't be '0'"],
    ['heavy', ['further'], "Unexpected argument 'further'"],
    ['overload', ['--times', '10,'], "--times can't be '10,'"],
    ['overload', ['--listen', 'some'], "--listen can't be 'some'"],
    ['sim-mutants', ['--only', 'unheard-of'], 'there is no '],
    ['sim-mutants', ['--patch', '/nowhere/a.patch'], 'there is no /nowhere/a.patch'],
  ])('%s %j says what is wrong, and how it is used', (script, args, error) => {
    const { status, stdout, stderr } = run(script, ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`error: ${error}`);
    expect(stderr).toContain('-- [options]\n');
  });

  it('tell of their options', () => {
    const { status, stdout, stderr } = run('sim', '--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^npm run sim -- \[options\]\n {2}--seed 1 /);
  });
});
