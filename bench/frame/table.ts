import { assertNever } from '../../src/core/assert.ts';
import type { Figures } from './figures.ts';
import type { Machine } from './machine.ts';
import type { ReadingUnit } from './reading.ts';
import type { CaseResult, ExperimentResult, ReadingResult, SuiteResult } from './runner.ts';

type Row = readonly string[];

export const rateColumns: Row = ['case', 'contender', 'per second', 'p50', 'p99', 'CPU', 'spread', 'ours ÷ it'];
export const readingColumns: Row = ['figure', 'ours', 'baseline', 'target', ''];
/** Columns before these hold words, the others numbers, which stand at the right. */
const firstRateNumber = 2;
const firstReadingNumber = 1;

/** One suite for people to read. */
export function suiteTable(suite: SuiteResult): string {
  const { name, about, error } = suite;
  const rates = layOut(rateColumns, firstRateNumber, rateRows(suite));
  const readings = layOut(readingColumns, firstReadingNumber, readingRows(suite));
  const failure = error === null ? [] : [`  failed: ${error}`];
  return [`${name}: ${about}`, ...rates, ...readings, ...failure].join('\n');
}

export const rateRows = ({ cases }: SuiteResult): readonly Row[] => cases.flatMap(rowsOfCase);

export const readingRows = ({ cases, experiments }: SuiteResult): readonly Row[] =>
  [...cases, ...experiments].flatMap(rowsOfReadings);

export function machineLines(machine: Machine): string {
  return Object.entries(machine)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') : value}`)
    .join('\n');
}

/** For people: with its unit, and no more digits than mean something. */
export function quantityText(value: number, unit: ReadingUnit): string {
  switch (unit) {
    case 'ms':
      return latencyText(value);
    case 'times':
      return ratioText(value);
    case 'cores':
      return `${value.toFixed(2)} cores`;
    case 'MB':
      return `${value.toFixed(0)} MB`;
    case 'percent':
      return `${value.toFixed(1)} %`;
    case 'count':
      return value.toLocaleString('en-US');
    case 'per second':
      return `${rateText(value)}/s`;
    default:
      return assertNever(unit);
  }
}

export function verdictText(isMet: boolean | null): string {
  return isMet === null ? '' : isMet ? 'met' : 'missed';
}

/** Empty: there is none. */
export function targetText({ target, unit }: ReadingResult): string {
  if (target === null) return '';
  const bound = quantityText(target.bound, unit);
  const reason = target.text === '' ? '' : ` (${target.text})`;
  return `${target.relation === 'atMost' ? '≤' : '≥'} ${bound}${reason}`;
}

/** No line without rows. */
function layOut(columns: Row, firstNumber: number, rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const widths = columns.map((_, at) => Math.max(...[columns, ...rows].map((row) => row[at]?.length ?? 0)));
  const pad = (cell: string, at: number): string =>
    at < firstNumber ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  return [columns, ...rows].map((row) => `  ${row.map(pad).join('  ')}`.trimEnd());
}

function rowsOfCase({ name, unit, ours, baselines }: CaseResult): readonly Row[] {
  return [
    [`${name} (${unit})`, ...cells(ours), ''],
    ...baselines.map((baseline) => ['', ...cells(baseline), ratioText(baseline.ratio)]),
  ];
}

function rowsOfReadings(result: CaseResult | ExperimentResult): readonly Row[] {
  return result.readings.map((reading) => [
    `${result.name}: ${reading.what}`,
    quantityText(reading.ours, reading.unit),
    reading.baseline === null ? '' : quantityText(reading.baseline.value, reading.unit),
    targetText(reading),
    verdictText(reading.isMet),
  ]);
}

const cells = ({ contender, perSecond, p50Ms, p99Ms, processorMicros, spread }: Figures): readonly string[] => [
  contender,
  rateText(perSecond),
  p50Ms === null ? '' : latencyText(p50Ms),
  p99Ms === null ? '' : latencyText(p99Ms),
  processorMicros === null ? '' : `${processorMicros.toFixed(processorMicros < 10 ? 2 : 0)} µs`,
  `${Math.round(spread * 100)} %`,
];

function rateText(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumFractionDigits: perSecond < 100 ? 1 : 0 });
}

function latencyText(milliseconds: number): string {
  return Math.abs(milliseconds) < 1 ? `${Math.round(milliseconds * 1000)} µs` : `${milliseconds.toFixed(1)} ms`;
}

const ratioText = (ratio: number): string => (ratio < 10 ? ratio.toFixed(2) : Math.round(ratio).toString());
