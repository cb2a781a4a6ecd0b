import { assert, assertNever } from '../core/assert.ts';
import type { ImportItem, ImportRefusal } from '../core/jobs/commands.ts';
import type { ExecutionRecord, JobRecord, SubmittedJob } from '../core/jobs/records.ts';
import { limits } from '../core/limits.ts';
import { compareInstants, EPOCH_INSTANT, type Instant, instantOfMs, wallNsOf, ZERO_INSTANT } from '../core/units.ts';
import { BackupInvalid, type Frame, FrameParser } from '../wire/backup/frames.ts';
import { type BackupHeader, type BackupRecord, decodeFrame } from '../wire/backup/records.ts';
import type { ApiErrorCode } from './errors.ts';
import { decodeJobs } from './job-decoder.ts';
import { jobJson } from './job-json.ts';
import { validateJob } from './job-rules.ts';
import type { Failure, Services, Writes } from './services.ts';

export interface RestoredBackup {
  readonly jobs: number;
  readonly executions: number;
  readonly notes: number;
  readonly failed: readonly FailedJob[];
}

export interface FailedJob {
  readonly job: string;
  readonly code: ApiErrorCode;
  readonly message: string;
}

/** The part of the services that a restore needs. */
export type RestoreServices = Pick<Services, 'rules' | 'nowMs' | 'after'> & {
  readonly writes: Pick<Writes, 'importRecords'>;
};

/** Bytes of frames that are read in one turn: some milliseconds. */
const BYTES_PER_TURN = 32 << 10;

const lostOutput = new TextEncoder().encode(
  'carillon: this execution ran when the backup was made; how it ended is not known here\n',
);

/** Restores a backup of ours: looks at all of it first, then has it imported, a batch after the other. */
export class BackupRestore {
  readonly #services: RestoreServices;
  readonly #bytes: Uint8Array;
  readonly #done: (outcome: RestoredBackup | Failure) => void;
  readonly #failed: FailedJob[] = [];
  readonly #counts = { jobs: 0, executions: 0, notes: 0 };
  #isStopped = false;

  /** `done` is called once, unless it is stopped before. */
  constructor(services: RestoreServices, bytes: Uint8Array, done: (outcome: RestoredBackup | Failure) => void) {
    this.#services = services;
    this.#bytes = bytes;
    this.#done = done;
  }

  /** Nobody waits for it any more: what was imported stays, nothing more follows. */
  stop(): void {
    this.#isStopped = true;
  }

  begin(): void {
    const parser = new FrameParser();
    const frames = parser.push(this.#bytes);
    let header: BackupHeader | null = null;
    const check = (): void => {
      if (this.#isStopped) return;
      try {
        const records = readSome(frames);
        for (const record of records ?? []) {
          if (header === null && record.type !== 'header') throw new BackupInvalid('the backup has no header');
          if (record.type === 'header') header ??= record;
        }
        if (records !== null) {
          this.#services.after(0, check);
          return;
        }
        parser.finish();
      } catch (error) {
        if (!(error instanceof BackupInvalid)) throw error;
        this.#done({ code: 'restore_file_invalid', message: error.message });
        return;
      }
      if (header === null) this.#done({ code: 'restore_file_invalid', message: 'the backup has no header' });
      else this.#import(header);
    };
    check();
  }

  #import(header: BackupHeader): void {
    const batches = this.#batches(header);
    let inFlight = 0;
    let isAtEnd = false;
    // One batch a turn, so that other requests have theirs.
    const sendNext = (): void => {
      if (this.#isStopped || inFlight >= limits.importsInFlight) return;
      const { value: items, done } = isAtEnd ? { value: [], done: true } : batches.next();
      if (done === true) {
        isAtEnd = true;
        if (inFlight === 0) this.#end({ ...this.#counts, failed: this.#failed });
        return;
      }
      inFlight += 1;
      this.#services.writes.importRecords(header.lastStamp, items, (outcome) => {
        inFlight -= 1;
        if (this.#isStopped) return;
        if (outcome.ok) {
          this.#count(items, outcome.value);
          sendNext();
        } else {
          this.#end({ ...outcome.failure, message: this.#brokenOff(outcome.failure) });
        }
      });
      if (inFlight < limits.importsInFlight) this.#services.after(0, sendNext);
    };
    sendNext();
  }

  #end(outcome: RestoredBackup | Failure): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#done(outcome);
  }

  *#batches(header: BackupHeader): Generator<readonly ImportItem[]> {
    let items: ImportItem[] = [];
    let bytes = 0;
    for (const frame of new FrameParser().push(this.#bytes)) {
      const item = this.#itemOf(decodeFrame(frame), header);
      if (item === null) continue;
      if (items.length === limits.importedPerCommand || bytes + frame.body.length > limits.bytesPerProposal) {
        yield items;
        items = [];
        bytes = 0;
      }
      items.push(item);
      bytes += frame.body.length;
    }
    if (items.length > 0) yield items;
  }

  /** Null: nothing to import. */
  #itemOf(record: BackupRecord, header: BackupHeader): ImportItem | null {
    switch (record.type) {
      case 'header':
        return null;
      case 'job':
        return this.#jobItem(record.job);
      case 'execution':
        return record.record.outcome === 'running' ? lost(record.record, header) : record;
      case 'note':
        return record;
      default:
        return assertNever(record);
    }
  }

  /** A job that this version would not take is left out, and told. */
  #jobItem(job: JobRecord): ImportItem | null {
    const message = this.#rulesError(job);
    if (message !== null) {
      this.#failed.push({ job: job.name, code: 'job_invalid', message });
      return null;
    }
    const { effectiveFromMs, anchorMs, highWaterMs, quarantine } = job;
    const submitted = { ...submittedOf(job), next: this.#nextOf(job) };
    return { type: 'job', job: submitted, effectiveFromMs, anchorMs, highWaterMs, quarantine };
  }

  #rulesError(job: JobRecord): string | null {
    const decoded = decodeJobs(Buffer.from(`[${jobJson(job)}]`));
    if (!decoded.ok) return decoded.error;
    const [draft] = decoded.value;
    assert(draft !== undefined, 'a job that was written is read again');
    return validateJob(draft, this.#services.rules);
  }

  /** A planned run that has passed is planned anew. */
  #nextOf(job: JobRecord): Instant {
    const { rules, nowMs } = this.#services;
    const now = nowMs();
    const isPlanned = compareInstants(job.next, ZERO_INSTANT) !== 0 && compareInstants(job.next, EPOCH_INSTANT) !== 0;
    const hasPassed = isPlanned && compareInstants(job.next, instantOfMs(now)) <= 0;
    if (!hasPassed || job.disabled || job.parentJob !== '' || job.schedule === '') return job.next;
    return rules.next(job, job.anchorMs, now) ?? ZERO_INSTANT;
  }

  #count(items: readonly ImportItem[], refusals: readonly ImportRefusal[]): void {
    for (const { type } of items) {
      if (type === 'job') this.#counts.jobs += 1;
      else if (type === 'execution') this.#counts.executions += 1;
      else this.#counts.notes += 1;
    }
    this.#counts.jobs -= refusals.length;
    this.#failed.push(...refusals);
  }

  #brokenOff({ message }: Failure): string {
    const { jobs, executions, notes } = this.#counts;
    const done = `${jobs} jobs, ${executions} executions and ${notes} notes were restored`;
    return `${done}; the rest was not: repeat the restore, which changes nothing twice. ${message}`.trim();
  }
}

/** Records of one turn; null: there are no more. Throws `BackupInvalid`. */
function readSome(frames: Generator<Frame>): BackupRecord[] | null {
  const records: BackupRecord[] = [];
  for (let bytes = 0; bytes < BYTES_PER_TURN; ) {
    const { value: frame, done } = frames.next();
    if (done === true) return records.length === 0 ? null : records;
    bytes += frame.body.length;
    records.push(decodeFrame(frame));
  }
  return records;
}

/** What ran belongs to the cluster that ran it; here its end will never be known. */
function lost(record: ExecutionRecord, { createdAtMs }: BackupHeader): ImportItem {
  const finishedAtNs = wallNsOf(createdAtMs);
  return { type: 'execution', record: { ...record, outcome: 'lost', finishedAtNs, wiped: false }, output: lostOutput };
}

/** A stored job as a client would submit it: without what is counted of open work and kept history. */
function submittedOf(job: JobRecord): SubmittedJob {
  const {
    scheduleRevision,
    effectiveFromMs,
    anchorMs,
    highWaterMs,
    openLaunches,
    executionsKept,
    executionsRunning,
    notesKept,
    quarantine,
    ...submitted
  } = job;
  return { ...submitted, id: '' };
}
