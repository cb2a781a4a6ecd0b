import type { Figures } from './figures.ts';
import type { Machine } from './machine.ts';
import type { SuiteResult } from './runner.ts';

const columns = ['case', 'contender', 'per second', 'p50', 'p99', 'spread', 'ours ÷ it'] as const;
/** From this column on, numbers stand at the right. */
const firstNumber = 2;

/** One suite for people to read. */
export function suiteTable(result: SuiteResult): string {
  const rows = result.cases.flatMap(({ name, unit, ours, baselines }) => [
    [`${name} (${unit})`, ...cells(ours), ''],
    ...baselines.map((baseline) => ['', ...cells(baseline), ratioText(baseline.ratio)]),
  ]);
  const widths = columns.map((title, at) =>
    Math.max(...[columns, ...rows].map((row) => row[at]?.length ?? title.length)),
  );
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, at) => (at < firstNumber ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')}`.trimEnd();
  const table = rows.length === 0 ? [] : [line(columns), ...rows.map(line)];
  const failure = result.error === null ? [] : [`  failed: ${result.error}`];
  return [`${result.name}: ${result.about}`, ...table, ...failure].join('\n');
}

export function machineLines(machine: Machine): string {
  return Object.entries(machine)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') : value}`)
    .join('\n');
}

const cells = ({ contender, perSecond, p50Ms, p99Ms, spread }: Figures): readonly string[] => [
  contender,
  rateText(perSecond),
  latencyText(p50Ms),
  latencyText(p99Ms),
  `${Math.round(spread * 100)} %`,
];

function rateText(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumFractionDigits: perSecond < 100 ? 1 : 0 });
}

function latencyText(milliseconds: number | null): string {
  if (milliseconds === null) return '';
  return milliseconds < 1 ? `${Math.round(milliseconds * 1000)} µs` : `${milliseconds.toFixed(1)} ms`;
}

const ratioText = (ratio: number): string => (ratio < 10 ? ratio.toFixed(2) : Math.round(ratio).toString());
