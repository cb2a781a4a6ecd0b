import type { JobListing } from '../../../src/api/catalogue/listing.ts';
import type { ExecutionWaits } from '../../../src/api/execution-waits.ts';
import type { JobTexts } from '../../../src/api/job-texts.ts';
import type { LaunchWaits } from '../../../src/api/launch-waits.ts';
import type { OutputFollows } from '../../../src/api/output/follows.ts';
import type { StateReads } from '../../../src/core/jobs/reads.ts';
import { type ExecutionId, type JobName, stamp } from '../../../src/core/units.ts';
import { readChanges, type ToldChange } from '../../../src/wire/told-changes.ts';
import type { StateTold } from '../../cluster/state/protocol.ts';

export interface NewsReaders {
  readonly listing: JobListing;
  readonly jobTexts: JobTexts;
  readonly launches: LaunchWaits;
  readonly executions: ExecutionWaits;
  readonly follows: OutputFollows;
}

/** Passes what the state tells to who waits for it. Of most batches nobody wants anything: they are not read. */
export class StateNews {
  readonly #state: StateReads;
  readonly #readers: NewsReaders;

  constructor(state: StateReads, readers: NewsReaders) {
    this.#state = state;
    this.#readers = readers;
  }

  changed({ changes, jobs }: StateTold): void {
    const { listing, jobTexts, launches, executions, follows } = this.#readers;
    if (launches.size > 0 || executions.size > 0 || follows.size > 0) {
      for (const change of changes.flatMap(readChanges)) this.#endWaits(change);
    }
    if (!listing.isKept && jobTexts.size === 0) return;
    const names = JSON.parse(jobs) as readonly JobName[];
    listing.changed(names);
    jobTexts.changed(names);
  }

  /** Changes were not heard of: all is looked at again. */
  missedSome(): void {
    const { listing, jobTexts, launches, executions, follows } = this.#readers;
    listing.missedSome();
    jobTexts.missedSome();
    launches.recheck((name) => (this.#state.job(name)?.openLaunches ?? 0) > 0);
    const runs = (name: JobName, id: ExecutionId): boolean => this.#state.execution(name, id)?.outcome === 'running';
    executions.recheck(runs);
    follows.recheck(runs);
  }

  #endWaits(change: ToldChange): void {
    const { launches, executions, follows } = this.#readers;
    if (change[0] === 'launchEnded') {
      const [, job, group] = change;
      launches.launchEnded(job, stamp(BigInt(group)));
    } else if (change[0] === 'executionEnded') {
      const [, job, id] = change;
      executions.executionEnded(job, id);
      follows.executionEnded(id);
    } else if (change[0] === 'jobDeleted') {
      const [, job] = change;
      launches.allEnded(job);
      follows.jobDeleted(job);
      executions.jobDeleted(job);
    }
  }
}
