/** Written into the pipe by whoever wants to know what was seen so far; the answer ends with it. */
export const question = '?';

/** A job that was seen to start: it said its name and what it was due for, in milliseconds since 1970. */
export interface SeenStart {
  readonly job: string;
  readonly dueMs: number;
  /** By the observer's clock. */
  readonly atMs: number;
}

export const latenessMs = ({ dueMs, atMs }: SeenStart): number => atMs - dueMs;

/** Of each start that there has to be, its key: no other start counts. */
export type ExpectedStarts = ReadonlySet<string>;

/** What a start is for, whenever it was seen. */
export const startKey = ({ job, dueMs }: Pick<SeenStart, 'job' | 'dueMs'>): string =>
  `${job} of ${new Date(dueMs).toISOString()}`;
