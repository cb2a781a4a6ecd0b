import { expect } from 'vitest';
import type { JobRecord } from '../../../src/core/jobs/records.ts';
import { nextDueMs, type Schedule } from '../../../src/core/schedule/schedule.ts';
import { type WallMs, wallMs } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { lasting } from './jobs.ts';
import type { Tally } from './tally.ts';

/**
 * Promises that no single look at the state shows: what was seen in it before is remembered, and compared. To be asked
 * after every step of the storm.
 */
export class Memory {
  readonly #anchors = new Map<string, number>();
  readonly #disabledSince = new Map<string, { readonly revision: number; readonly effectiveFromMs: number }>();
  #lastOnceMs = 0;
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** `latestWallMs`: what the wall clock has shown at most. */
  check(reader: StateReader, compile: (job: JobRecord) => Schedule, latestWallMs: number): void {
    reader.eachJob((job) => this.checkJob(job));
    const once = reader.job('once');
    if (once !== undefined) this.#checkOnce(reader, once, compile(once), latestWallMs);
  }

  checkJob(job: JobRecord): void {
    this.#checkEnabled(job);
    if (lasting.some(({ name }) => name === job.name)) this.#checkAnchor(job);
  }

  /** P8: the schedules of these jobs are never edited, only the rest of them. */
  #checkAnchor({ name, anchorMs, displayname }: JobRecord): void {
    const known = this.#anchors.get(name);
    if (known !== undefined) expect(anchorMs, `P8: the anchor of ${name}, edited to ${displayname}`).toBe(known);
    this.#anchors.set(name, anchorMs);
    this.#tally.count('P8: anchor compared after edits');
  }

  /** P1: what came while a job was disabled is not due when it is enabled. */
  #checkEnabled({ name, disabled, scheduleRevision: revision, effectiveFromMs, parentJob }: JobRecord): void {
    if (parentJob !== '') return;
    const before = this.#disabledSince.get(name);
    if (disabled) {
      this.#disabledSince.set(name, { revision, effectiveFromMs });
      return;
    }
    this.#disabledSince.delete(name);
    if (before === undefined) return;
    const isSame = before.revision === revision && before.effectiveFromMs === effectiveFromMs;
    expect(isSame, `P1: ${name} was enabled, and what came before is due`).toBe(false);
    this.#tally.count('P1: nothing due of the time before a job was enabled');
  }

  /** P1: catching up once leaves out all but the last due time. */
  #checkOnce(reader: StateReader, job: JobRecord, schedule: Schedule, latestWallMs: number): void {
    for (const note of reader.notes(job.name)) {
      if (note.kind !== 'missed' || note.toMs <= this.#lastOnceMs) continue;
      this.#lastOnceMs = note.toMs;
      const following: WallMs | null = nextDueMs(schedule, wallMs(note.toMs), job.anchorMs);
      expect(following, `P1: ${job.name} is launched once for what was missed up to ${note.toMs}`).toBeLessThanOrEqual(
        latestWallMs,
      );
      this.#tally.count('P1: last of the due times left to be launched once');
    }
  }
}
