declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Milliseconds of a monotonic clock: for durations and deadlines. Comparable within one life of one node only. */
export type MonoMs = Brand<number, 'MonoMs'>;
/** Milliseconds since 1970-01-01T00:00:00Z of a wall clock: decides what is due. */
export type WallMs = Brand<number, 'WallMs'>;
/** Nanoseconds since 1970-01-01T00:00:00Z of a wall clock: what Dkron's JSON shows. Never a JavaScript number. */
export type WallNs = Brand<bigint, 'WallNs'>;
/** Position in the replicated log; the first entry is 1, 0 means "none". */
export type LogIndex = Brand<number, 'LogIndex'>;
/** Raft term; 0 means "none yet". */
export type Term = Brand<number, 'Term'>;
/** One life of a node: grows by one with each start of its process (design section 12). */
export type Epoch = Brand<number, 'Epoch'>;
/** Name of a node (`--node-name`). */
export type NodeName = Brand<string, 'NodeName'>;
/** Name of a job; its identity. */
export type JobName = Brand<string, 'JobName'>;
/** Dkron-shaped id of an execution: `<stamp>-<node>`; unique for ever. */
export type ExecutionId = Brand<string, 'ExecutionId'>;
/** Identity of one launch over all jobs; Dkron's `group`: a 19-digit integer. */
export type Stamp = Brand<bigint, 'Stamp'>;

export const monoMs = (value: number): MonoMs => value as MonoMs;
export const wallMs = (value: number): WallMs => value as WallMs;
export const wallNs = (value: bigint): WallNs => value as WallNs;
export const logIndex = (value: number): LogIndex => value as LogIndex;
export const term = (value: number): Term => value as Term;
export const epoch = (value: number): Epoch => value as Epoch;
export const nodeName = (value: string): NodeName => value as NodeName;
export const jobName = (value: string): JobName => value as JobName;
export const stamp = (value: bigint): Stamp => value as Stamp;

/** `<stamp>-<node>`: how Dkron writes an execution's id. */
export const executionId = (at: Stamp, node: NodeName): ExecutionId => `${at}-${node}` as ExecutionId;

/** Whole milliseconds of an instant, rounded down. */
export const wallMsOf = (at: WallNs): WallMs => wallMs(Number(at / 1_000_000n));
/** The instant at the start of a millisecond. */
export const wallNsOf = (at: WallMs): WallNs => wallNs(BigInt(Math.trunc(at)) * 1_000_000n);

/**
 * An instant anywhere in the years 1 to 9999 with nanoseconds, as users write them in jobs (`starts_at`, `next`).
 * `seconds` since 1970, may be negative; `nanos` in 0..999,999,999. Go's zero time (year 1) is `ZERO_INSTANT`.
 */
export type Instant = readonly [seconds: number, nanos: number];

/** 0001-01-01T00:00:00Z: what Dkron shows for "never" in fields that can't be null. */
export const ZERO_INSTANT: Instant = [-62_135_596_800, 0];
/** 1970-01-01T00:00:00Z: the `next` of a child job that has no schedule of its own (dkron-v4 2.4). */
export const EPOCH_INSTANT: Instant = [0, 0];

export function compareInstants(a: Instant, b: Instant): number {
  return a[0] === b[0] ? a[1] - b[1] : a[0] - b[0];
}

export function instantOfNs(at: WallNs): Instant {
  const nanos = ((at % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return [Number((at - nanos) / 1_000_000_000n), Number(nanos)];
}

export function instantOfMs(at: WallMs): Instant {
  const seconds = Math.floor(at / 1000);
  return [seconds, (at - seconds * 1000) * 1_000_000];
}

/** Milliseconds of an instant, rounded up, so that nothing planned by it starts early. */
export function wallMsOfInstant(at: Instant): WallMs {
  return wallMs(at[0] * 1000 + Math.ceil(at[1] / 1_000_000));
}
