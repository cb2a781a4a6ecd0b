import { concernsWork } from '../../../src/core/dispatch/concerns-work.ts';
import { concernsSchedules } from '../../../src/core/schedule/follow.ts';
import type { JobName, LogIndex } from '../../../src/core/units.ts';
import type { Ref } from '../../../src/runtime/types.ts';
import { tellChanges } from '../../../src/wire/told-changes.ts';
import type { StateChanged, StateFollowing, StateTold, WatchState } from './protocol.ts';

export interface VisibleBatch extends Pick<StateChanged, 'appliedIndex' | 'changes'> {
  readonly jobs: readonly JobName[];
  /** A leader's term begins in it: everybody has to know that all before it is applied. */
  readonly hasBarrier: boolean;
}

/** What is told to whom. */
const concerns = { schedules: concernsSchedules, work: concernsWork } as const;

type Told = StateFollowing | StateChanged | StateTold;

interface Watcher {
  readonly watch: WatchState;
  /** Behind the last batch that it was told of. */
  told: LogIndex;
}

/** Who is told what changes. A message is copied and wakes a thread for each of them: nobody gets what it doesn't need. */
export class Watchers {
  readonly #watchers = new Map<string, Watcher>();
  readonly #send: <Event extends Told>(to: Ref<Event>, event: Event) => void;

  constructor(send: <Event extends Told>(to: Ref<Event>, event: Event) => void) {
    this.#send = send;
  }

  watch(watch: WatchState, appliedIndex: LogIndex): void {
    const { node, actor } = watch.watcher;
    this.#watchers.set(`${node ?? ''}/${actor}`, { watch, told: appliedIndex });
    const following: StateFollowing = { type: 'following', appliedIndex };
    if (watch.of === 'texts') this.#send(watch.watcher, following);
    else this.#send(watch.watcher, following);
  }

  /** Who is sent to first is woken first: `waiting`, actors that wait for an answer, before those that only look on. */
  tell(batch: VisibleBatch, waiting: ReadonlySet<string>): void {
    const all = [...this.#watchers.values()];
    const isWaiting = ({ watch }: Watcher): boolean => waiting.has(watch.watcher.actor);
    for (const watcher of [...all.filter(isWaiting), ...all.filter((each) => !isWaiting(each))]) {
      this.#tell(watcher, batch);
    }
  }

  #tell(watcher: Watcher, { appliedIndex, changes, jobs, hasBarrier }: VisibleBatch): void {
    const { watch, told: after } = watcher;
    if (watch.of === 'texts') {
      const told = { changes: tellChanges(changes), jobs: JSON.stringify(jobs) };
      this.#send(watch.watcher, { type: 'stateTold', after, appliedIndex, ...told });
    } else {
      const wanted = watch.of === undefined ? changes : changes.filter(concerns[watch.of]);
      if (watch.of !== undefined && wanted.length === 0 && !hasBarrier) return;
      this.#send(watch.watcher, { type: 'changed', after, appliedIndex, changes: wanted });
    }
    watcher.told = appliedIndex;
  }
}
