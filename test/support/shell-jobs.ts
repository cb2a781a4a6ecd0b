import { createShellExecutor, type ShellExecutorOptions } from '../../src/executors/shell/executor.ts';
import type { ExecutionHandle, ExecutionResult, Executor, ProcessIdentity } from '../../src/executors/types.ts';

export type Config = Readonly<Record<string, string>>;

export const modes = ['slots', 'spawn'] as const;

/** An execution that can be waited for. */
export interface RunningJob {
  readonly handle: ExecutionHandle;
  readonly started: Promise<ProcessIdentity>;
  readonly ended: Promise<ExecutionResult>;
  /** Resolves when the output so far contains the text, with all of that output. */
  saw(text: string): Promise<string>;
}

function deferred<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** An executor whose executions can be waited for. */
export class ShellJobs {
  readonly executor: Executor;
  #count = 0;

  constructor(options: ShellExecutorOptions) {
    this.executor = createShellExecutor(options);
  }

  start(config: Config, jobName = 'bell'): RunningJob {
    this.#count += 1;
    let written = '';
    const waiting: { readonly text: string; readonly seen: (output: string) => void }[] = [];
    const { promise: started, resolve: start } = deferred<ProcessIdentity>();
    const { promise: ended, resolve: end } = deferred<ExecutionResult>();
    const handle = this.executor.start(
      {
        executionId: this.idOf(this.#count),
        jobName,
        scheduledAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
        attempt: 3,
        config,
        outputLimitBytes: 256_000,
      },
      {
        started: (process) => {
          if (process !== null) start(process);
        },
        output: (chunk) => {
          if (waiting.length === 0 && written.length > 1_000_000) return;
          written += Buffer.from(chunk).toString('latin1');
          for (const { text, seen } of waiting) if (written.includes(text)) seen(written);
        },
        ended: end,
      },
    );
    const saw = (text: string): Promise<string> => {
      if (written.includes(text)) return Promise.resolve(written);
      return new Promise((seen) => waiting.push({ text, seen }));
    };
    return { handle, started, ended, saw };
  }

  idOf(count: number): string {
    return `17000000000000${String(process.pid).padStart(8, '0')}${count}-n0`;
  }

  /** What Dkron would record: the error as the first line, then the output. */
  async record(config: Config, jobName = 'bell'): Promise<{ success: boolean; output: string }> {
    const { success, error, output } = await this.start(config, jobName).ended;
    return { success, output: (success ? '' : `${error}\n`) + Buffer.from(output).toString('utf8') };
  }

  close(): Promise<void> {
    return new Promise((closed) => this.executor.close(closed));
  }
}
