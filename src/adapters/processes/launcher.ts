/** A program to be started, all questions answered. */
export interface LaunchPlan {
  /** Path of an executable file: absolute, or relative to the working directory. */
  readonly program: string;
  /** What the program sees as its own name. */
  readonly argumentZero: string;
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** Null: this process's own. */
  readonly workingDirectory: string | null;
  /** Null: this process's own user and group. */
  readonly account: Account | null;
  /** Bytes on standard input, then its end; null: nothing to read. */
  readonly input: Uint8Array | null;
}

export interface Account {
  readonly userId: number;
  readonly groupId: number;
}

/** How a process ended. */
export type ProcessEnd =
  | { readonly type: 'exited'; readonly code: number }
  /** Whether a core was dumped is not always known; false then. */
  | { readonly type: 'signalled'; readonly signal: number; readonly coreDumped: boolean };

/**
 * Calls of one launch, none of them from inside `launch`: `failed` alone, or `started` and then `ended` and
 * `outputEnded` in any order, `output` before the latter. `started` may be missing before an end that nothing is known of.
 */
export interface LaunchEvents {
  /** The program was started, some time ago; it leads, or led, a process group of its own. */
  started(pid: number): void;
  /** Standard output and standard error in the order written. The chunk is the receiver's to keep. */
  output(chunk: Uint8Array): void;
  /** The main process ended. Null: whoever watched it died, nothing is known of it. */
  ended(end: ProcessEnd | null): void;
  outputEnded(): void;
  /** It certainly did not start; `code` is the name of a system error (`ENOENT`). */
  failed(code: string): void;
}

export interface Launch {
  /** True when it has not been started and will not be; then no event comes any more. */
  withdraw(): boolean;
  /** No more `output` is wanted; `outputEnded` does not come any more. */
  abandonOutput(): void;
}

/** A way to start processes. */
export interface Launcher {
  launch(plan: LaunchPlan, events: LaunchEvents): Launch;
  /** Releases what it holds. What it launched must have ended. */
  close(): void;
}
