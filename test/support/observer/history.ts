/** A time at which a job has to be started, by an enumerator that shares nothing with the product. */
export interface DueTime {
  readonly job: string;
  readonly atMs: number;
  /** It may or may not be one: the job was being created or switched off just then. Nobody misses it. */
  readonly isOptional: boolean;
}

/** What a started process said of itself, with the moment at which it was heard, by the observer's clock. */
export interface ObservedStart {
  readonly job: string;
  readonly execution: string;
  readonly atMs: number;
  /** The due time that it was told to be for; null: it can't tell. */
  readonly scheduledAtMs: number | null;
  /** Processes of the same job that ran then. */
  readonly beside: readonly string[];
}

/** What the node says itself of due times that got no start: missed, skipped or lost. */
export interface Recorded {
  readonly job: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface History {
  readonly dueTimes: readonly DueTime[];
  /** First attempts only: later ones belong to no due time of their own. */
  readonly starts: readonly ObservedStart[];
  readonly records: readonly Recorded[];
}

export interface Bounds {
  /** A start after its due time by more than this is late. */
  readonly lateAfterMs: number;
  /** A start before a due time by at most this was meant for it, and is early. */
  readonly earlyWithinMs: number;
  /** Of these jobs only one process runs at a time. */
  readonly exclusive: ReadonlySet<string>;
}

export interface Findings {
  /** Due times with neither a start nor a record. */
  readonly missed: readonly DueTime[];
  /** Starts of a due time that had another start. */
  readonly duplicate: readonly ObservedStart[];
  readonly early: readonly ObservedStart[];
  readonly late: readonly ObservedStart[];
  /** Starts of an exclusive job beside another process of it. */
  readonly overlapping: readonly ObservedStart[];
  /** Starts for which nothing was due. */
  readonly orphaned: readonly ObservedStart[];
}
