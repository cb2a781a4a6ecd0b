import { OutputPipes } from '../../adapters/processes/job-output.ts';
import type { Launcher } from '../../adapters/processes/launcher.ts';
import { NamedPipes } from '../../adapters/processes/named-pipes.ts';
import { OneLookTable } from '../../adapters/processes/one-look.ts';
import { openProcessTable } from '../../adapters/processes/open-process-table.ts';
import type { ProcessTable } from '../../adapters/processes/process-table.ts';
import { ProcessTree } from '../../adapters/processes/process-tree.ts';
import { SlotPool } from '../../adapters/processes/slot-pool.ts';
import { SpawnLauncher } from '../../adapters/processes/spawn-launcher.ts';
import { systemTimers, type Timers } from '../../adapters/processes/timers.ts';
import { limits } from '../../core/limits.ts';
import type {
  ExecutionEvents,
  ExecutionHandle,
  ExecutionRequest,
  ExecutionResult,
  Executor,
  ProcessIdentity,
} from '../types.ts';
import { inheritedEnvironment, usualVariables } from './environment.ts';
import { type ExecutionTools, markOf, ownerOf, ShellExecution } from './execution.ts';
import { prepareJob } from './job.ts';
import { MemoryWatch } from './memory-watch.ts';
import { TreeKiller } from './tree-killer.ts';

export interface ShellExecutorOptions {
  /** `slots`: short jobs by pre-forked shells, where the system has what that takes. `spawn`: never. */
  readonly mode: 'slots' | 'spawn';
  /** Jobs run with this much lower priority, 0 to 19; 0 by default. */
  readonly niceness?: number;
  /** Where named pipes live, this process's alone; by default a directory among the system's temporary files. */
  readonly scratchDirectory?: string;
  /** The agent's own environment, of which jobs see an allow-listed part; this process's by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The same in each life of a node, and no other node's on this machine; by default none is told apart. */
  readonly nodeKey?: string;
  /** Drives timeouts, graces and polls; tests give their own. */
  readonly timers?: Timers;
}

/**
 * Runs jobs as processes, with Dkron's keys, results and texts (dkron-v4 2.6.1) and without its faults: see
 * docs/executors.md.
 */
export function createShellExecutor(options: ShellExecutorOptions): Executor {
  return new ShellExecutor(options);
}

class ShellExecutor implements Executor {
  readonly #inherited: ReadonlyMap<string, string>;
  readonly #pipes: NamedPipes | null;
  readonly #outputs: OutputPipes | null;
  readonly #table: ProcessTable = openProcessTable();
  readonly #killer: TreeKiller;
  /** Of earlier lives there may be a thousand at once. */
  readonly #orphans: ProcessTable = new OneLookTable(this.#table);
  readonly #tools: ExecutionTools;
  readonly #running = new Set<ShellExecution>();
  #closed: (() => void) | null = null;

  constructor(options: ShellExecutorOptions) {
    const timers = options.timers ?? systemTimers;
    this.#inherited = inheritedEnvironment(options.environment ?? process.env);
    this.#pipes = NamedPipes.open(options.scratchDirectory ?? null);
    this.#outputs = this.#pipes === null ? null : new OutputPipes(this.#pipes);
    this.#killer = new TreeKiller(timers);
    this.#tools = {
      launcher: this.#openLauncher(options, timers),
      table: this.#table,
      timers,
      killer: this.#killer,
      memory: new MemoryWatch(this.#table, timers),
      nodeKey: options.nodeKey ?? '',
    };
  }

  start(request: ExecutionRequest, events: ExecutionEvents): ExecutionHandle {
    const prepared = prepareJob(request, this.#inherited, this.#tools.nodeKey);
    if (!prepared.ok) return refuse(prepared.error, events);
    const execution: ShellExecution = new ShellExecution(
      request,
      prepared.job,
      {
        started: (process) => events.started?.(process),
        output: (chunk) => events.output(chunk),
        ended: (result) => {
          this.#running.delete(execution);
          events.ended(result);
          this.#closeIfIdle();
        },
      },
      this.#tools,
    );
    this.#running.add(execution);
    return { stop: (graceMs) => execution.stop(graceMs), written: () => execution.written() };
  }

  killOrphan(executionId: string, process: ProcessIdentity | null, done: () => void): void {
    const { bootId } = this.#orphans.identify(globalThis.process.pid);
    // Of an earlier boot of the system nothing is left, and its numbers mean nothing now.
    if (process !== null && process.bootId !== bootId) setImmediate(done);
    else {
      const owner = ownerOf(this.#tools.nodeKey);
      const tree = { mark: markOf(executionId), owner, root: process, groupOutlivesRoot: false };
      this.#killer.kill(new ProcessTree(this.#orphans, tree), done);
    }
  }

  close(done: () => void): void {
    this.#closed = done;
    for (const execution of this.#running) execution.kill();
    setImmediate(() => this.#closeIfIdle());
  }

  #closeIfIdle(): void {
    const done = this.#closed;
    if (done === null || this.#running.size > 0) return;
    this.#closed = null;
    this.#tools.launcher.close();
    this.#outputs?.close();
    this.#pipes?.close();
    done();
  }

  #openLauncher(options: ShellExecutorOptions, timers: Timers): Launcher {
    const niceness = options.niceness ?? 0;
    const plain = new SpawnLauncher({ outputs: this.#outputs, niceness });
    // Slots take what only Linux is known to have.
    if (options.mode === 'spawn' || process.platform !== 'linux') return plain;
    if (this.#pipes === null || this.#outputs === null) return plain;
    return new SlotPool({
      pipes: this.#pipes,
      outputs: this.#outputs,
      timers,
      fallback: plain,
      environment: this.#inherited,
      usualVariables,
      niceness,
      size: limits.shellSlots,
    });
  }
}

/** A job that can't be started has ended, as failed, when the caller looks the next time. */
function refuse(error: string, events: ExecutionEvents): ExecutionHandle {
  const result: ExecutionResult = { success: false, error, output: new Uint8Array(0), droppedBytes: 0 };
  setImmediate(() => events.ended(result));
  return { stop: () => undefined };
}
