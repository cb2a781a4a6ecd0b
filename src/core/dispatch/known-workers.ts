import type { StringMap, Target } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import type { NodeName } from '../units.ts';
import { type Chooser, chooseTargets, type Worker } from './targets.ts';

interface Known extends Worker {
  /** It has reported to this dispatcher in this term: it may be sent work. */
  readonly isAttached: boolean;
}

/** The workers that may be given work now, as membership sees them. */
export class KnownWorkers {
  readonly #chooser: Chooser;
  readonly #workers = new Map<NodeName, Known>();

  constructor(chooser: Chooser) {
    this.#chooser = chooser;
  }

  get allAttached(): boolean {
    for (const { isAttached } of this.#workers.values()) if (!isAttached) return false;
    return true;
  }

  /** How long before their time launches may be claimed: who runs so many at once needs the room for what is due now. */
  get claimAheadMs(): number {
    for (const { maxExecutions } of this.#workers.values()) if (maxExecutions !== undefined) return 0;
    return limits.claimAheadMs;
  }

  get(node: NodeName): Known | undefined {
    return this.#workers.get(node);
  }

  /** Replaces all. Returns those that are new, or in a new life: they have to be attached. */
  replace(workers: readonly Worker[]): Worker[] {
    const before = new Map(this.#workers);
    this.#workers.clear();
    const fresh: Worker[] = [];
    for (const worker of workers) {
      const known = before.get(worker.node);
      const isSameLife = known?.epoch === worker.epoch;
      this.#workers.set(worker.node, { ...worker, isAttached: isSameLife && known?.isAttached === true });
      if (!isSameLife) fresh.push(worker);
    }
    return fresh;
  }

  attached(node: NodeName): void {
    const worker = this.#workers.get(node);
    if (worker !== undefined) this.#workers.set(node, { ...worker, isAttached: true });
  }

  /** A new term: each has to report anew. Returns all of them. */
  detachAll(): Worker[] {
    for (const [node, worker] of this.#workers) this.#workers.set(node, { ...worker, isAttached: false });
    return [...this.#workers.values()];
  }

  choose(tags: StringMap | null, isFull: (worker: Worker) => boolean): Target[] {
    return chooseTargets([...this.#workers.values()], tags, this.#chooser, isFull);
  }
}
