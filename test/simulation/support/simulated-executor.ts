import { parseSuccessCodes } from '../../../src/executors/shell/success-codes.ts';
import type {
  ExecutionEvents,
  ExecutionHandle,
  ExecutionRequest,
  ExecutionResult,
  Executor,
  ProcessIdentity,
} from '../../../src/executors/types.ts';

/** Calls `fire` after a while of virtual time, unless cancelled before. */
export type VirtualTimer = (delayMs: number, fire: () => void) => { cancel(): void };

/** One start of a process. */
export interface Begun {
  readonly executionId: string;
  readonly jobName: string;
  readonly attempt: number;
  /** By the machine's own clock, which nobody sets. */
  readonly atMs: number;
  /** Executions of the same job whose process ran at that moment. */
  readonly beside: readonly string[];
  /** Processes that ran on the machine, this one included. */
  readonly atOnce: number;
}

/**
 * The processes of one simulated machine. They outlive the executor that started them, as real ones do: a new life of
 * the node has to find and kill them. `begun` is every start there ever was, for checkers.
 */
export class SimulatedMachine {
  readonly bootId: string;
  readonly begun: Begun[] = [];
  readonly #begunOf = new Map<string, Begun[]>();
  readonly #starts = new Map<string, number>();
  /** When each process ended, by the same clock. */
  readonly endedAtMs = new Map<string, number>();
  readonly #nowMs: () => number;
  /** Called when a process starts, before anything else can happen. */
  onBegin: (request: ExecutionRequest) => void = () => undefined;
  readonly #running = new Map<string, { readonly jobName: string; readonly timer: { cancel(): void } }>();
  #lastPid = 100;

  constructor(bootId: string, nowMs: () => number = () => 0) {
    this.bootId = bootId;
    this.#nowMs = nowMs;
  }

  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  isRunning(executionId: string): boolean {
    return this.#running.has(executionId);
  }

  begunOf(jobName: string): readonly Begun[] {
    return this.#begunOf.get(jobName) ?? [];
  }

  /** How often the execution was started. */
  startsOf(executionId: string): number {
    return this.#starts.get(executionId) ?? 0;
  }

  begin(request: ExecutionRequest, timer: { cancel(): void }): ProcessIdentity {
    const { executionId, jobName, attempt } = request;
    const beside = [...this.#running].filter(([, other]) => other.jobName === jobName).map(([id]) => id);
    const begun = { executionId, jobName, attempt, atMs: this.#nowMs(), beside, atOnce: this.#running.size + 1 };
    this.begun.push(begun);
    const ofJob = this.#begunOf.get(jobName);
    if (ofJob === undefined) this.#begunOf.set(jobName, [begun]);
    else ofJob.push(begun);
    this.#starts.set(executionId, this.startsOf(executionId) + 1);
    this.onBegin(request);
    this.#running.set(executionId, { jobName, timer });
    this.#lastPid += 1;
    return { pid: this.#lastPid, startTicks: this.#lastPid * 10, bootId: this.bootId };
  }

  end(executionId: string): void {
    if (this.#running.has(executionId)) this.endedAtMs.set(executionId, this.#nowMs());
    this.#running.get(executionId)?.timer.cancel();
    this.#running.delete(executionId);
  }
}

/**
 * An executor for simulations: no process, only virtual time. Keys of a job's config: `run_ms` (how long it runs, 0 by
 * default), `output` (what it writes at its end), `fail` (its error; empty or absent: success), `exit_code` (judged by the
 * job's `success_codes`, as a shell's), `deaf` (`true`: it ignores TERM and ends by KILL only). What an earlier life left takes up to `slowestDeathMs` to die.
 */
export function createSimulatedExecutor(machine: SimulatedMachine, timer: VirtualTimer, slowestDeathMs = 0): Executor {
  return {
    start: (request, events) => startSimulated(machine, timer, request, events),
    killOrphan: (executionId, process, done) => {
      timer(((process?.pid ?? 0) * 37) % (slowestDeathMs + 1), () => {
        machine.end(executionId);
        done();
      });
    },
    close: (done) => {
      for (const executionId of machine.running) machine.end(executionId);
      timer(0, done);
    },
  };
}

function startSimulated(
  machine: SimulatedMachine,
  timer: VirtualTimer,
  request: ExecutionRequest,
  events: ExecutionEvents,
): ExecutionHandle {
  const { config, executionId, outputLimitBytes } = request;
  let ended = false;
  const end = (error: string): void => {
    if (ended) return;
    ended = true;
    machine.end(executionId);
    const written = new TextEncoder().encode(config.output ?? '');
    if (written.length > 0) events.output(written);
    events.ended(resultOf(error, written, outputLimitBytes));
  };
  const run = timer(Number(config.run_ms ?? '0'), () => end(config.fail ?? exitError(config)));
  const process = machine.begin(request, run);
  timer(0, () => {
    if (!ended) events.started?.(process);
  });
  let stopping = false;
  return {
    stop: (graceMs) => {
      if (stopping || ended) return;
      stopping = true;
      if (config.deaf === 'true') timer(graceMs, () => end('signal: killed'));
      else timer(0, () => end('signal: terminated'));
    },
  };
}

function exitError({ exit_code: code = '0', success_codes: accepted = '' }: ExecutionRequest['config']): string {
  const read = parseSuccessCodes(accepted);
  return read.ok && read.codes.has(Number(code)) ? '' : `exit status ${code}`;
}

function resultOf(error: string, written: Uint8Array, limitBytes: number): ExecutionResult {
  const droppedBytes = Math.max(0, written.length - limitBytes);
  return { success: error === '', error, output: written.slice(droppedBytes), droppedBytes };
}
