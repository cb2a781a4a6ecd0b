import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { divergencesOf } from './divergences.ts';
import { loadRecordings } from './recording.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/divergence.md'), 'utf8');

interface Row {
  readonly what: string;
  readonly reason: string;
  readonly cases: readonly string[];
}

/** The rows of the page's table: what, Dkron, Carillon, reason, recorded cases. */
function rowsOf(text: string): Row[] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    expect(cells, line).toHaveLength(7);
    const [, what = '', , , reason = '', cases = ''] = cells;
    return { what, reason, cases: cases === 'none' ? [] : cases.split(', ') };
  });
}

describe('docs/divergence.md', () => {
  const rows = rowsOf(page);

  it('gives each row one of the allowed reasons', () => {
    for (const row of rows) expect(row.reason, row.what).toMatch(/^(#\d+|5xx made 4xx|by design)$/);
  });

  it('lists the same recorded cases as the conformance test, for the same reasons', () => {
    const onPage = rows.flatMap((row) => row.cases.map((id) => `${id} ${row.reason}`));
    const inTest = divergencesOf(loadRecordings()).map(({ id, reason }) => `${id} ${reason}`);
    expect(onPage.sort()).toEqual(inTest.sort());
  });
});
