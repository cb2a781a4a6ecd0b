import type { Launch, Launcher, ProcessEnd } from '../../adapters/processes/launcher.ts';
import type { ProcessTable } from '../../adapters/processes/process-table.ts';
import { ProcessTree } from '../../adapters/processes/process-tree.ts';
import type { Timers } from '../../adapters/processes/timers.ts';
import { assert } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import { formatGoDuration } from '../../core/schedule/go-duration.ts';
import { TailBuffer } from '../tail-buffer.ts';
import type { ExecutionEvents, ExecutionRequest, ExecutionResult } from '../types.ts';
import { EXECUTION_ID_VARIABLE, NODE_KEY_VARIABLE } from './environment.ts';
import { type ShellJob, startErrorText } from './job.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { endText } from './texts.ts';
import type { TreeKiller } from './tree-killer.ts';

/** What executions share. */
export interface ExecutionTools {
  readonly launcher: Launcher;
  readonly table: ProcessTable;
  readonly timers: Timers;
  readonly killer: TreeKiller;
  readonly memory: MemoryWatch;
  /** Empty: no other node is told apart. */
  readonly nodeKey: string;
}

/** Mark by which all processes of an execution are known, whatever became of their parents. */
export const markOf = (executionId: string): string => `${EXECUTION_ID_VARIABLE}=${executionId}`;

export const ownerOf = (nodeKey: string): string | undefined =>
  nodeKey === '' ? undefined : `${NODE_KEY_VARIABLE}=${nodeKey}`;

/** How far the ending of the whole tree has come. */
type Ending = 'none' | 'terminating' | 'killing' | 'gone';

/**
 * One attempt of a shell job. It is over when its main process has ended and its output is read to the end; a daemon
 * that keeps the output open is waited for a moment only. Whoever was told to stop is over when its whole tree is gone.
 */
export class ShellExecution {
  readonly #request: ExecutionRequest;
  readonly #job: ShellJob;
  readonly #events: ExecutionEvents;
  readonly #tools: ExecutionTools;
  readonly #launch: Launch;
  readonly #output: TailBuffer;
  /** Of the main process; null: not started. */
  #pid: number | null = null;
  /** Null: nobody has asked for it. */
  #tree: ProcessTree | null = null;
  /** Undefined: the main process runs. Null: nothing is known of its end. */
  #end: ProcessEnd | null | undefined;
  #outputEnded = false;
  #ending: Ending = 'none';
  /** Told to stop before the process was there; KILL after so many milliseconds. */
  #stopAtStart: number | null = null;
  #cancelGrace: () => void = () => undefined;
  /** What Dkron writes behind the output of a job that it killed. */
  #killText = '';
  #isOver = false;
  readonly #cancels: (() => void)[] = [];

  constructor(request: ExecutionRequest, job: ShellJob, events: ExecutionEvents, tools: ExecutionTools) {
    this.#request = request;
    this.#job = job;
    this.#events = events;
    this.#tools = tools;
    this.#output = new TailBuffer(request.outputLimitBytes);
    this.#launch = tools.launcher.launch(job.plan, {
      started: (pid) => this.#started(pid),
      output: (chunk) => {
        this.#output.add(chunk);
        events.output(chunk);
      },
      ended: (end) => this.#ended(end),
      outputEnded: () => {
        this.#outputEnded = true;
        this.#finishIfOver();
      },
      failed: (code) => this.#finish(startErrorText(job.plan.program, code)),
    });
  }

  /** TERM to the whole tree, KILL after the grace to what is left of it. */
  stop(graceMs: number): void {
    if (this.#isOver || this.#ending !== 'none' || this.#stopAtStart !== null) return;
    if (this.#pid !== null) this.#terminate(this.#treeOf(this.#pid), graceMs);
    else if (this.#launch.withdraw())
      setImmediate(() =>
        this.#finish(endText({ type: 'signalled', signal: 15, coreDumped: false }, this.#job.successCodes)),
      );
    else this.#stopAtStart = graceMs;
  }

  written(): Pick<ExecutionResult, 'output' | 'droppedBytes'> {
    return { output: this.#output.bytes(), droppedBytes: this.#output.droppedBytes };
  }

  /** KILL to the whole tree. */
  kill(): void {
    if (this.#pid === null) this.stop(0);
    else this.#kill(this.#treeOf(this.#pid), '');
  }

  #started(pid: number): void {
    assert(this.#pid === null, 'a process starts once');
    this.#pid = pid;
    this.#events.started?.(null);
    const { timers, memory } = this.#tools;
    const { timeoutNs, memoryLimitBytes } = this.#job;
    // Most are over before it would be worth looking at them.
    this.#cancels.push(timers.after(limits.processIdentityMs, () => void this.#treeOf(pid)));
    if (timeoutNs !== null) {
      const delayMs = Math.ceil(Number(timeoutNs) / 1e6);
      this.#cancels.push(timers.after(delayMs, () => this.#timedOut(this.#treeOf(pid), timeoutNs)));
    }
    if (memoryLimitBytes !== null) {
      const tree = this.#treeOf(pid);
      const exceeded = (bytes: number): void => this.#exceeded(tree, bytes, memoryLimitBytes);
      this.#cancels.push(memory.add({ tree, limitBytes: memoryLimitBytes, exceeded }));
    }
    if (this.#stopAtStart !== null) this.#terminate(this.#treeOf(pid), this.#stopAtStart);
  }

  /** Looks the main process up when it is asked for the first time. Null: that is not known. */
  #treeOf(pid: number | null): ProcessTree {
    if (this.#tree !== null) return this.#tree;
    const { table, nodeKey } = this.#tools;
    const root = pid === null ? null : table.identify(pid);
    const mark = markOf(this.#request.executionId);
    this.#tree = new ProcessTree(table, { mark, owner: ownerOf(nodeKey), root, groupOutlivesRoot: true });
    this.#events.started?.(root);
    return this.#tree;
  }

  #timedOut(tree: ProcessTree, timeoutNs: bigint): void {
    const limit = formatGoDuration(timeoutNs);
    this.#kill(
      tree,
      `shell: Job '${this.#job.command}' execution time exceeding defined timeout ${limit}. Job was killed`,
    );
  }

  #exceeded(tree: ProcessTree, bytes: number, limit: bigint): void {
    const excess = `memory usage (${bytes} bytes) exceeding defined limit (${limit} bytes)`;
    this.#kill(tree, `shell: Job '${this.#job.command}' ${excess}. Job was killed`);
  }

  #ended(end: ProcessEnd | null): void {
    const pid = this.#pid;
    assert(pid !== null || end === null, 'what is known to have ended has started');
    this.#end = end;
    this.#cancelAll();
    // Whoever watched the main process died: it may still run, unwatched.
    if (end === null && this.#ending !== 'killing') this.#kill(this.#treeOf(pid), '');
    if (!this.#outputEnded)
      this.#cancels.push(this.#tools.timers.after(limits.outputDrainMs, () => this.#abandonOutput()));
    if (this.#ending === 'terminating') this.#awaitGone(this.#treeOf(pid));
    this.#finishIfOver();
  }

  #abandonOutput(): void {
    if (this.#outputEnded) return;
    this.#outputEnded = true;
    this.#launch.abandonOutput();
    this.#finishIfOver();
  }

  #terminate(tree: ProcessTree, graceMs: number): void {
    this.#ending = 'terminating';
    this.#tools.killer.terminate(tree);
    this.#cancelGrace = this.#tools.timers.after(graceMs, () => this.#kill(tree, ''));
    if (this.#end !== undefined) this.#awaitGone(tree);
  }

  #awaitGone(tree: ProcessTree): void {
    this.#cancels.push(this.#tools.killer.awaitGone(tree, () => this.#treeGone()));
  }

  #kill(tree: ProcessTree, text: string): void {
    if (this.#isOver || this.#ending === 'killing' || this.#ending === 'gone') return;
    this.#cancelGrace();
    this.#killText = text;
    this.#ending = 'killing';
    this.#tools.killer.kill(tree, () => this.#treeGone());
  }

  #treeGone(): void {
    if (this.#isOver) return;
    this.#cancelGrace();
    this.#ending = 'gone';
    this.#finishIfOver();
  }

  #finishIfOver(): void {
    if (this.#end === undefined || !this.#outputEnded) return;
    if (this.#ending === 'terminating' || this.#ending === 'killing') return;
    this.#finish(
      this.#end === null
        ? 'shell: the process that watched the job ended; the job was killed'
        : endText(this.#end, this.#job.successCodes),
    );
  }

  #finish(error: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelGrace();
    this.#cancelAll();
    if (this.#killText !== '') this.#output.add(Buffer.from(this.#killText));
    this.#events.ended({
      success: error === '',
      error,
      output: this.#output.bytes(),
      droppedBytes: this.#output.droppedBytes,
    });
  }

  #cancelAll(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}
