import { assert } from '../assert.ts';
import type { ExecutionStart } from '../jobs/changes.ts';
import type { StopReason } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import { type ExecutionId, type MonoMs, monoMs, type NodeName } from '../units.ts';
import type { OpenExecution } from './in-flight.ts';

const RESEND_START_MS = 1_000;
/** A stop that arrived needs no repetition; one that was lost with a connection is missed by somebody. */
const RESEND_STOP_MS = 5_000;

/** The executions that the state has open, and among them those whose start or stop is sent and not answered. */
export class OpenExecutions {
  readonly #byId = new Map<ExecutionId, OpenExecution>();
  /** Sent and not acknowledged; the one sent longest ago is the first. */
  readonly #unacknowledged = new Set<OpenExecution>();
  /** Their nodes were told to stop them; the one told longest ago is the first. */
  readonly #stopping = new Set<OpenExecution>();
  readonly #onNode = new Map<NodeName, number>();
  #resendPausedUntilMs = monoMs(Number.NEGATIVE_INFINITY);

  /** Executions that the state has open on a node. */
  countOn(node: NodeName): number {
    return this.#onNode.get(node) ?? 0;
  }

  /** Starts that were sent and are not acknowledged. */
  get startsUnderWay(): number {
    return this.#unacknowledged.size;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: ExecutionId): OpenExecution | undefined {
    return this.#byId.get(id);
  }

  values(): Iterable<OpenExecution> {
    return this.#byId.values();
  }

  /** Tracks an assignment; the same execution with an earlier assignment is forgotten. */
  add(start: ExecutionStart, mayBeSent: boolean, leasedAtMs: number): OpenExecution {
    this.drop(start.id);
    const execution: OpenExecution = {
      start,
      phase: 'starting',
      mayBeSent,
      movingTo: null,
      sentAtMs: null,
      leasedAtMs,
      stopSentAtMs: null,
      startedAtNs: start.assignedAtNs,
      latestOutput: new Uint8Array(0),
      ended: null,
    };
    this.#byId.set(start.id, execution);
    this.#onNode.set(start.node, this.countOn(start.node) + 1);
    return execution;
  }

  drop(id: ExecutionId): void {
    const execution = this.#byId.get(id);
    if (execution === undefined) return;
    this.#unacknowledged.delete(execution);
    this.#stopping.delete(execution);
    this.#byId.delete(id);
    const { node } = execution.start;
    this.#onNode.set(node, this.countOn(node) - 1);
  }

  clear(): void {
    this.#byId.clear();
    this.#unacknowledged.clear();
    this.#stopping.clear();
    this.#onNode.clear();
  }

  /** Its start is on its way to its node (again). */
  sent(execution: OpenExecution, nowMs: MonoMs): void {
    execution.mayBeSent = true;
    execution.sentAtMs = nowMs;
    this.#unacknowledged.delete(execution);
    if (execution.phase === 'starting') this.#unacknowledged.add(execution);
  }

  /** Its node is not there to be sent anything: what it reports when it comes back decides. */
  unsent(execution: OpenExecution): void {
    execution.sentAtMs = null;
    this.#unacknowledged.delete(execution);
  }

  stopWanted(execution: OpenExecution, reason: StopReason): void {
    execution.start = { ...execution.start, stop: reason };
  }

  /** Its node is told to stop it; null: it is not there to be told. */
  stopSent(execution: OpenExecution, nowMs: MonoMs | null): void {
    execution.stopSentAtMs = nowMs;
    this.#stopping.delete(execution);
    if (nowMs !== null) this.#stopping.add(execution);
  }

  advance(execution: OpenExecution, phase: 'running' | 'ending'): void {
    execution.phase = phase;
    this.#unacknowledged.delete(execution);
    if (phase === 'ending') this.stopSent(execution, null);
  }

  /** Those whose start should be sent again: a bounded number each second, whatever waits. */
  takeUnacknowledged(nowMs: MonoMs): OpenExecution[] {
    const due: OpenExecution[] = [];
    if (nowMs < this.#resendPausedUntilMs) return due;
    for (const execution of this.#unacknowledged) {
      if (resendAtMs(execution) > nowMs || due.length === limits.startsSentAgainAtOnce) break;
      due.push(execution);
    }
    if (due.length > 0) this.#resendPausedUntilMs = monoMs(nowMs + RESEND_START_MS);
    return due;
  }

  nextResendMs(): MonoMs | null {
    for (const execution of this.#unacknowledged) {
      return monoMs(Math.max(resendAtMs(execution), this.#resendPausedUntilMs));
    }
    return null;
  }

  /** Those whose stop should be sent again. */
  stoppingSince(nowMs: MonoMs): OpenExecution[] {
    const due: OpenExecution[] = [];
    for (const execution of this.#stopping) {
      if (restopAtMs(execution) > nowMs) break;
      due.push(execution);
    }
    return due;
  }

  nextRestopMs(): MonoMs | null {
    for (const execution of this.#stopping) return restopAtMs(execution);
    return null;
  }

  check(): void {
    for (const [id, { start, ended, phase }] of this.#byId) {
      assert(start.id === id, 'executions are kept by their id');
      assert(ended === null || phase === 'ending', 'only what ends has an end');
    }
    const onNodes = [...this.#onNode.values()].reduce((sum, count) => sum + count, 0);
    assert(onNodes === this.#byId.size, 'each execution is counted on its node');
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const execution of this.#unacknowledged) {
      assert(this.#byId.get(execution.start.id) === execution, 'only what is open awaits an acknowledgement');
      assert(execution.phase === 'starting' && execution.sentAtMs !== null, 'only a sent start awaits one');
      assert(resendAtMs(execution) >= lastMs, 'the longest waiting is the first');
      lastMs = resendAtMs(execution);
    }
    for (const execution of this.#stopping) {
      assert(this.#byId.get(execution.start.id) === execution, 'only what is open is stopped');
      assert(execution.start.stop !== null && execution.phase !== 'ending', 'only what runs and should not is stopped');
    }
  }
}

const restopAtMs = ({ stopSentAtMs }: OpenExecution): MonoMs => monoMs((stopSentAtMs ?? 0) + RESEND_STOP_MS);
const resendAtMs = ({ sentAtMs }: OpenExecution): MonoMs => monoMs((sentAtMs ?? 0) + RESEND_START_MS);
