import { concernsSchedules } from '../../../src/core/schedule/follow.ts';
import type { JobName, LogIndex } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';
import type { StateChanged, StateEvent, WatchState } from './protocol.ts';

export interface VisibleBatch extends Pick<StateChanged, 'appliedIndex' | 'changes'> {
  readonly jobs: readonly JobName[];
  /** A leader's term begins in it: everybody has to know that all before it is applied. */
  readonly hasBarrier: boolean;
}

interface Watcher extends Pick<WatchState, 'withJobs' | 'of'> {
  readonly ref: Ref<StateEvent>;
  /** Behind the last batch that it was told of. */
  told: LogIndex;
}

/** Who is told what changes. A message is copied and wakes a thread for each of them: nobody gets what it doesn't need. */
export class Watchers {
  readonly #watchers = new Map<string, Watcher>();
  readonly #send: (to: Ref<StateEvent>, event: StateEvent) => void;

  constructor(send: (to: Ref<StateEvent>, event: StateEvent) => void) {
    this.#send = send;
  }

  watch({ watcher: ref, withJobs, of }: WatchState, appliedIndex: LogIndex): void {
    const options = { ...(withJobs === undefined ? {} : { withJobs }), ...(of === undefined ? {} : { of }) };
    this.#watchers.set(`${ref.node ?? ''}/${ref.actor}`, { ref, ...options, told: appliedIndex });
    this.#send(ref, { type: 'following', appliedIndex });
  }

  /** Who is sent to first is woken first: `waiting`, actors that wait for an answer, before those that only look on. */
  tell({ appliedIndex, changes, jobs, hasBarrier }: VisibleBatch, waiting: ReadonlySet<string>): void {
    const all = [...this.#watchers.values()];
    const isWaiting = ({ ref }: Watcher): boolean => waiting.has(ref.actor);
    for (const watcher of [...all.filter(isWaiting), ...all.filter((each) => !isWaiting(each))]) {
      const { ref, withJobs, of, told: after } = watcher;
      const wanted = of === 'schedules' ? changes.filter(concernsSchedules) : changes;
      if (of !== undefined && wanted.length === 0 && !hasBarrier) continue;
      watcher.told = appliedIndex;
      const changed = { type: 'changed', after, appliedIndex, changes: wanted } as const;
      this.#send(ref, withJobs === true ? { ...changed, jobs } : changed);
    }
  }
}
