/** One attempt to run a job's work on this node, as an executor sees it. */
export interface ExecutionRequest {
  /** Dkron-shaped id; also `CARILLON_EXECUTION_ID`, by which descendants are found. */
  readonly executionId: string;
  readonly jobName: string;
  readonly scheduledAtMs: number;
  /** 1-based. */
  readonly attempt: number;
  readonly config: Readonly<Record<string, string>>;
  /** Only the last this many bytes of output are kept (Dkron: 256,000). */
  readonly outputLimitBytes: number;
}

export interface ExecutionResult {
  readonly success: boolean;
  /** Dkron's error text, without newline; empty when successful. Recorded as the first line of the output. */
  readonly error: string;
  /** The last `outputLimitBytes` bytes of what the work wrote, stdout and stderr in the order written. */
  readonly output: Uint8Array;
  /** Bytes written before those and dropped. */
  readonly droppedBytes: number;
}

/** Callbacks of an execution. `ended` is called exactly once, after the last `output`; both never from inside `start`. */
export interface ExecutionEvents {
  /**
   * The process group leader exists (shell only); called again with its identity when it has run for a moment: journalled, so
   * that a restart finds and kills the tree. What is over by then was not worth looking at.
   */
  started?(process: ProcessIdentity | null): void;
  output(chunk: Uint8Array): void;
  ended(result: ExecutionResult): void;
}

/** Enough to recognise a process after a restart: pids are reused, (pid, start time, boot) is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat (clock ticks since boot); 0 where unknown. */
  readonly startTicks: number;
  readonly bootId: string;
}

export interface ExecutionHandle {
  /** TERM to the whole tree, then KILL after `graceMs`. Idempotent; `ended` still comes. */
  stop(graceMs: number): void;
  /** All that was given to `output` so far: its last `outputLimitBytes`, and how many came before. Absent: nothing is shown. */
  written?(): Pick<ExecutionResult, 'output' | 'droppedBytes'>;
}

/** One kind of work (`shell`, `http`). Never throws for bad config: that is a failed result with Dkron's text. */
export interface Executor {
  start(request: ExecutionRequest, events: ExecutionEvents): ExecutionHandle;
  /** Of executors that start processes, and tell so (`started`): kills what is left of an execution of an earlier life of this node; `done` when no descendant is left. */
  killOrphan?(executionId: string, process: ProcessIdentity | null, done: () => void): void;
  /** Releases what it holds; running executions are killed. */
  close(done: () => void): void;
}
