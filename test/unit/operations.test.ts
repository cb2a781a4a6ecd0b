import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../actors/exit-codes.ts';
import { serverTree } from '../../actors/tree.ts';
import { apiErrors } from '../../src/api/errors.ts';
import { loadConfig } from '../../src/config/load.ts';
import { limits } from '../../src/core/limits.ts';
import { fakeConfigHost, given } from '../support/config-host.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/operations.md'), 'utf8');

/** Cells of the table of a section, without its head. */
function tableOf(section: string): readonly (readonly string[])[] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('exit codes', () => {
  it('are distinct, and none of those that shells and runtimes use', () => {
    const codes = Object.values(exitCodes);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= 64 && code < 126, String(code)).toBe(true);
  });

  it('stand in docs/operations.md, and no others', () => {
    const documented = tableOf('Exit codes')
      .filter(([, name]) => name !== '')
      .map(([code, name = '']) => [name.slice(1, -1), Number(code)]);
    expect(Object.fromEntries(documented)).toEqual(exitCodes);
    expect(documented).toHaveLength(Object.keys(exitCodes).length);
  });
});

describe('the deaths of actors in docs/operations.md', () => {
  it('are of all actors, with the silence that the tree allows them', async () => {
    const { config } = await loadConfig(given({ server: 'true' }), fakeConfigHost());
    const actors = serverTree(config).children.map(({ id, hangMs = 0 }) => [`\`${id}\``, `${hangMs / 1_000} s`]);
    const documented = tableOf('When a part of a node dies').map(([actor, , silentFor]) => [actor, silentFor]);
    expect(documented).toEqual([...actors, ['main thread', '']]);
  });

  it('come before the lease of a node ends, where what they decide depends on it', async () => {
    const { config } = await loadConfig(given({ server: 'true' }), fakeConfigHost());
    for (const { id, hangMs = 0 } of serverTree(config).children) {
      if (['log', 'dispatcher', 'executor'].includes(id)) expect(hangMs, id).toBeLessThan(limits.leaseMs);
    }
  });
});

describe('limits in docs/operations.md', () => {
  const rows = tableOf('Limits');

  it('exist, with the value that is said', () => {
    const documented = rows.map(([, name = '', value = '']) => [name.slice(1, -1), Number(value.replaceAll(',', ''))]);
    expect(documented.length).toBeGreaterThan(20);
    const actual: Readonly<Record<string, number>> = limits;
    expect(documented).toEqual(documented.map(([name = '']) => [name, actual[name]]));
  });

  it('are answered with errors that exist', () => {
    for (const [what, , , beyond = ''] of rows) {
      const answer = /(\d{3}) `(\w+)`/.exec(beyond);
      if (answer === null) continue;
      const [, status, code = ''] = answer;
      expect(Object.entries(apiErrors).find(([known]) => known === code)?.[1][0], what).toBe(Number(status));
    }
  });
});
