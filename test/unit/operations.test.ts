import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../actors/exit-codes.ts';
import { apiErrors } from '../../src/api/errors.ts';
import { limits } from '../../src/core/limits.ts';

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
