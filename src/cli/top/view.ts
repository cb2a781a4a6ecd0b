/** An execution that runs. */
export interface RunningRow {
  readonly job: string;
  readonly execution: string;
  readonly node: string;
  readonly attempt: number;
  readonly startedAt: string;
  /** The last line that it wrote. */
  readonly output: string;
}

/** A launch that waits for its place. */
export interface WaitingRow {
  readonly job: string;
  readonly due: string;
  readonly reason: string;
}

/** A job whose last launch failed. */
export interface FailingRow {
  readonly job: string;
  readonly status: string;
  readonly lastError: string;
  readonly errors: number;
}

/** What a server says of itself at one time. */
export interface Snapshot {
  /** Null: nobody leads. */
  readonly leader: string | null;
  readonly jobs: number;
  readonly running: readonly RunningRow[];
  /** Null: this server doesn't tell. */
  readonly waiting: readonly WaitingRow[] | null;
  readonly failing: readonly FailingRow[];
}

export const sorts = ['duration', 'job', 'node'] as const;
export type Sort = (typeof sorts)[number];

/** What the user did to the view. */
export interface View {
  readonly sort: Sort;
  readonly isReversed: boolean;
  /** First line of the body that is shown. */
  readonly offset: number;
  readonly isOver: boolean;
}

export const firstView: View = { sort: 'duration', isReversed: false, offset: 0, isOver: false };

const up = '\u001b[A';
const down = '\u001b[B';
const pageUp = '\u001b[5~';
const pageDown = '\u001b[6~';
const home = '\u001b[H';
const interrupt = '\u0003';

/** `pageLines`: how many lines of the body there is space for; `bodyLines`: how many it has. */
export function afterKey(
  view: View,
  key: string,
  { pageLines, bodyLines }: { readonly pageLines: number; readonly bodyLines: number },
): View {
  const scrolled = (lines: number): View => {
    const last = Math.max(0, bodyLines - pageLines);
    return { ...view, offset: Math.min(last, Math.max(0, view.offset + lines)) };
  };
  switch (key) {
    case 'q':
    case interrupt:
      return { ...view, isOver: true };
    case 's':
      return { ...view, sort: sorts[(sorts.indexOf(view.sort) + 1) % sorts.length] ?? 'duration' };
    case 'r':
      return { ...view, isReversed: !view.isReversed };
    case up:
    case 'k':
      return scrolled(-1);
    case down:
    case 'j':
      return scrolled(1);
    case pageUp:
      return scrolled(-pageLines);
    case pageDown:
    case ' ':
      return scrolled(pageLines);
    case home:
    case 'g':
      return { ...view, offset: 0 };
    default:
      return view;
  }
}
