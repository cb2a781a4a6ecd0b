import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

type Close = () => void | Promise<void>;

/** What a suite started or made, ended and removed in reverse order, whatever happened in between. */
export class Scope {
  /** Directories of this scope are made in it: the disk that is measured. */
  readonly parentDirectory: string;
  readonly #closes: Close[] = [];

  constructor(parentDirectory: string) {
    this.parentDirectory = parentDirectory;
  }

  defer(close: Close): void {
    this.#closes.push(close);
  }

  makeDirectory(): string {
    const directory = mkdtempSync(join(this.parentDirectory, 'carillon-bench-'));
    this.defer(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  }

  /** Ends the process with the scope, by its id; also when this process exits without closing the scope. */
  ownProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM', graceMs = 15_000): void {
    const killNow = (): void => void child.kill('SIGKILL');
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    process.once('exit', killNow);
    void ended.then(() => process.off('exit', killNow));
    this.defer(async () => {
      const killer = setTimeout(killNow, graceMs);
      child.kill(signal);
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(killer);
    });
  }

  /** Closes everything, even if some of it fails; then throws the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closes.pop(); close !== undefined; close = this.#closes.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
