import type { Paint, StyleName } from '../show/style.ts';
import { type Column, renderTable, visible } from '../show/table.ts';
import { shownDuration, shownTime } from '../show/times.ts';
import type { ScreenSize } from '../types.ts';
import { cutLine } from './cut-line.ts';
import type { RunningRow, Snapshot, View } from './view.ts';

/** All that a picture is made of. */
export interface Picture {
  readonly api: string;
  readonly nowMs: number;
  readonly snapshot: Snapshot;
  /** Why the snapshot is an old one; null: it is not. */
  readonly problem: string | null;
  /** Lines of what happened lately, newest first; null: this server doesn't tell, or not yet. */
  readonly recent: readonly string[] | null;
}

/** More rows of one kind are counted, not shown. */
const mostRows = 500;
const headLines = 3;
const keys = 'q quit   s sort   r reverse   ↑ ↓ PgUp PgDn scroll';

const runningColumns: readonly Column[] = [
  { title: 'JOB' },
  { title: 'FOR', align: 'right' },
  { title: 'NODE' },
  { title: 'ATTEMPT', align: 'right' },
  { title: 'EXECUTION' },
  { title: 'WRITES' },
];
const waitingColumns: readonly Column[] = [{ title: 'JOB' }, { title: 'DUE' }, { title: 'REASON' }];
const failingColumns: readonly Column[] = [
  { title: 'JOB' },
  { title: 'STATUS' },
  { title: 'LAST ERROR' },
  { title: 'ERRORS', align: 'right' },
];

/** Lines of the body that a screen has space for. */
export const pageLines = ({ rows }: ScreenSize): number => Math.max(1, rows - headLines - 1);

/** A whole screen: a head, the part of the body that was scrolled to, and the keys. No line is wider than the screen. */
export function screenLines(picture: Picture, view: View, size: ScreenSize, paint: Paint): readonly string[] {
  const body = bodyLines(picture, view, paint);
  const page = pageLines(size);
  const offset = Math.min(view.offset, Math.max(0, body.length - page));
  const shown = body.slice(offset, offset + page);
  const rest = body.length - offset - shown.length;
  const foot = rest > 0 ? `${rest} more below   ${keys}` : keys;
  return [
    ...headOf(picture, paint),
    ...shown,
    ...Array.from({ length: page - shown.length }, () => ''),
    paint('dim', foot),
  ].map((line) => cutLine(line, size.columns));
}

/** The same for a file or a pipe: everything, and nothing of a screen. */
export const plainLines = (picture: Picture, view: View, paint: Paint): readonly string[] => [
  ...headOf(picture, paint),
  ...bodyLines(picture, view, paint),
];

function headOf({ api, nowMs, snapshot, problem }: Picture, paint: Paint): readonly string[] {
  const { leader, jobs, running, waiting, failing } = snapshot;
  const leads = leader === null ? paint('red', 'nobody leads') : `${visible(leader)} leads`;
  const count = (number: number, what: string, style: StyleName): string =>
    number > 0 ? paint(style, `${number} ${what}`) : `${number} ${what}`;
  const counts = [
    jobs === 1 ? '1 job' : `${jobs} jobs`,
    count(running.length, 'running', 'cyan'),
    ...(waiting === null ? [] : [count(waiting.length, 'waiting', 'yellow')]),
    count(failing.length, 'failing', 'red'),
  ];
  return [
    `${paint('bold', 'carillon top')}   ${api}   ${leads}   ${shownTime(new Date(nowMs).toISOString())}`,
    problem === null ? counts.join('   ') : paint('red', visible(problem)),
    '',
  ];
}

/** Everything below the head. */
export function bodyLines({ nowMs, snapshot, recent }: Picture, view: View, paint: Paint): readonly string[] {
  const { running, waiting, failing } = snapshot;
  const now = new Date(nowMs).toISOString();
  const runningRows = sorted(running, view).map(({ job, startedAt, node, attempt, execution, output }) => [
    { text: job, style: 'cyan' as const },
    { text: shownDuration(startedAt, now) },
    { text: node },
    { text: String(attempt) },
    { text: execution },
    { text: output, style: 'dim' as const },
  ]);
  const waitingRows = (waiting ?? []).map(({ job, due, reason }) => [
    { text: job, style: 'yellow' as const },
    { text: shownTime(due) },
    { text: reason },
  ]);
  const failingRows = failing.map(({ job, status, lastError, errors }) => [
    { text: job, style: 'red' as const },
    { text: status },
    { text: shownTime(lastError) },
    { text: String(errors) },
  ]);
  const order = `by ${view.sort}${view.isReversed ? ', reversed' : ''}`;
  return [
    ...section(`Running, ${order}`, runningColumns, runningRows, paint),
    ...(waiting === null ? [] : section('Waiting', waitingColumns, waitingRows, paint)),
    ...section('Failing', failingColumns, failingRows, paint),
    ...(recent === null ? [] : [paint('bold', 'Lately'), ...(recent.length === 0 ? [nothing] : recent), '']),
  ];
}

const nothing = '  nothing';

function section(
  title: string,
  columns: readonly Column[],
  rows: Parameters<typeof renderTable>[1],
  paint: Paint,
): readonly string[] {
  if (rows.length === 0) return [paint('bold', title), nothing, ''];
  const table = renderTable(columns, rows.slice(0, mostRows), (style, text) =>
    // The title of the section is what stands out, not those of the columns.
    paint(style === 'bold' ? 'dim' : style, text),
  );
  const more = rows.length > mostRows ? [`  and ${rows.length - mostRows} more`] : [];
  return [
    paint('bold', title),
    ...table
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    ...more,
    '',
  ];
}

function sorted(running: readonly RunningRow[], { sort, isReversed }: View): readonly RunningRow[] {
  const order = (a: RunningRow, b: RunningRow): number => {
    const byStart = compare(a.startedAt, b.startedAt);
    if (sort === 'duration') return byStart;
    return compare(a[sort], b[sort]) || byStart;
  };
  const rows = running.toSorted(order);
  return isReversed ? rows.reverse() : rows;
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
