import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/cli/show/progress.ts';
import { painter } from '../../../src/cli/show/style.ts';
import { renderTable } from '../../../src/cli/show/table.ts';
import { shownDuration, shownTime } from '../../../src/cli/show/times.ts';
import type { CliHost, Terminal } from '../../../src/cli/types.ts';
import { noPauses, noTerminal } from '../../support/cli.ts';
import { fakeConfigHost } from '../../support/config-host.ts';

const tty: Terminal = { ...noTerminal, isOutputTty: true, isErrorTty: true };

function host(terminal: Terminal, environment: Readonly<Record<string, string>> = {}): CliHost & { errors: string[] } {
  const errors: string[] = [];
  const output = {
    out: () => undefined,
    outBytes: async () => undefined,
    error: (text: string) => void errors.push(text),
  };
  const config = fakeConfigHost({ environment });
  return {
    config,
    terminal,
    input: { readAll: async () => null },
    output,
    runAgent: async () => 0,
    clock: noPauses,
    errors,
  };
}

describe('colours', () => {
  it.each<[string, Terminal, Record<string, string>, string]>([
    ['at a terminal', tty, {}, '\u001b[31mx\u001b[0m'],
    ['with an empty NO_COLOR', tty, { NO_COLOR: '' }, '\u001b[31mx\u001b[0m'],
    ['with NO_COLOR', tty, { NO_COLOR: '1' }, 'x'],
    ['at a dumb terminal', tty, { TERM: 'dumb' }, 'x'],
    ['in a pipe', noTerminal, {}, 'x'],
  ])('%s', (_what, terminal, environment, expected) => {
    expect(painter(host(terminal, environment))('red', 'x')).toBe(expected);
  });
});

describe('a table', () => {
  const paint = painter(host(tty));
  const plain = painter(host(noTerminal));

  it('is as wide as its widest cells, whatever their colours', () => {
    const rows = [
      [{ text: 'a', style: 'red' } as const, { text: '1' }],
      [{ text: 'ünï' }, { text: '12345' }],
    ];
    const columns = [{ title: 'N' }, { title: 'C', align: 'right' } as const];
    expect(renderTable(columns, rows, plain)).toBe('N        C\na        1\nünï  12345\n');
    expect(renderTable(columns, rows, paint)).toBe(
      '\u001b[1mN\u001b[0m        \u001b[1mC\u001b[0m\n\u001b[31ma\u001b[0m        1\nünï  12345\n',
    );
  });

  it('lets nothing through that moves the cursor, and shows what is empty', () => {
    const rows = [[{ text: '\u001b[2Jx\ny\u009b' }, { text: '' }]];
    expect(renderTable([{ title: 'A' }, { title: 'B' }], rows, plain)).toBe('A         B\n?[2Jx?y?  -\n');
  });
});

describe('times', () => {
  it.each([
    ['2026-11-21T08:05:00.123456789Z', '2026-11-21T08:05:00Z'],
    ['2026-11-21T08:05:00.5+01:00', '2026-11-21T08:05:00+01:00'],
    ['0001-01-01T00:00:00Z', ''],
    ['', ''],
  ])('%s is %j', (time, shown) => expect(shownTime(time)).toBe(shown));

  it.each([
    ['2026-01-01T00:00:00.250000001Z', '250 ms'],
    ['2026-01-01T00:00:59.94Z', '59.9 s'],
    ['2026-01-01T00:01:05Z', '1m 05s'],
    ['2026-01-01T03:04:59Z', '3h 04m'],
    ['2025-12-31T00:00:00Z', '0 ms'],
    ['0001-01-01T00:00:00Z', ''],
  ])('until %s it is %j', (end, shown) => expect(shownDuration('2026-01-01T00:00:00Z', end)).toBe(shown));
});

describe('a progress bar', () => {
  it('is drawn once per percent, and taken away', () => {
    const seen = host(tty);
    const progress = new Progress(seen, 'Work', 10_000);
    for (let step = 0; step < 10_000; step += 1) progress.advance();
    progress.end();
    expect(seen.errors).toHaveLength(102);
    expect(seen.errors[50]).toBe('\rWork [###############...............] 50% 5000/10000');
    expect(seen.errors.at(-1)).toBe('\r\u001b[K');
  });

  it('is nothing where nobody looks', () => {
    const seen = host(noTerminal);
    const progress = new Progress(seen, 'Work', 1);
    progress.advance();
    progress.end();
    expect(seen.errors).toEqual([]);
  });
});
