import { limits } from '../limits.ts';
import { type MonoMs, monoMs, type NodeName } from '../units.ts';
import type { OpenExecution } from './in-flight.ts';

/** Silence after which an execution is given up: its node has ended by then what must not overlap (P3). */
export const givenUpAfterMs = limits.leaseMs + limits.leaseGraceMs;

/**
 * Until when the executions of each node count as running, from the leader's side (P4). A renewal of a node renews all
 * that it runs; an execution has its full lease from the moment it was opened, or this leader began.
 *
 * Counted in time that the leader was awake: while its thread, its process or its machine stood still, renewals could
 * not arrive, so that a pause of any length counts as one step at most.
 */
export class Leases {
  #awakeMs = 0;
  #lookedAtMs: MonoMs | null = null;
  /** Nothing ends before; null: not known. */
  #nextEndMs: number | null = null;
  readonly #heardAtMs = new Map<NodeName, number>();

  /** All leases begin at full length. */
  restart(nowMs: MonoMs): void {
    this.#heardAtMs.clear();
    this.#nextEndMs = null;
    this.#lookedAtMs = nowMs;
  }

  /** Time awake until now: where the lease of what is opened now begins. */
  awakeMs(nowMs: MonoMs): number {
    const passedMs = nowMs - (this.#lookedAtMs ?? nowMs);
    this.#awakeMs += Math.min(passedMs, limits.leaseRenewMs + limits.punctualMs);
    this.#lookedAtMs = nowMs;
    return this.#awakeMs;
  }

  renewed(nowMs: MonoMs, node: NodeName): void {
    this.#heardAtMs.set(node, this.awakeMs(nowMs));
  }

  /** Those whose lease has ended by now. What is ending, or certainly not started, has none. */
  takeEnded(nowMs: MonoMs, executions: Iterable<OpenExecution>): OpenExecution[] {
    const awakeMs = this.awakeMs(nowMs);
    this.#nextEndMs ??= awakeMs + givenUpAfterMs;
    if (awakeMs < this.#nextEndMs) return [];
    const ended: OpenExecution[] = [];
    this.#nextEndMs = null;
    for (const execution of executions) {
      if (execution.phase === 'ending' || execution.movingTo !== null) continue;
      const heardAtMs = this.#heardAtMs.get(execution.start.node) ?? execution.leasedAtMs;
      const endMs = Math.max(heardAtMs, execution.leasedAtMs) + givenUpAfterMs;
      if (endMs <= awakeMs) ended.push(execution);
      else this.#nextEndMs = Math.min(endMs, this.#nextEndMs ?? endMs);
    }
    return ended;
  }

  /** While something is open, time has to be looked at often, or a pause could not be told from silence. */
  nextDeadline(): MonoMs | null {
    if (this.#lookedAtMs === null) return null;
    const untilEndMs = (this.#nextEndMs ?? this.#awakeMs + givenUpAfterMs) - this.#awakeMs;
    return monoMs(this.#lookedAtMs + Math.min(limits.leaseRenewMs, Math.max(0, untilEndMs)));
  }
}
