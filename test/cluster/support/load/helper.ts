import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import path from 'node:path';
import { waitUntil } from '../../../support/wait-until.ts';

const HELPER_NICE = 10;

/** A program of this folder that runs beside the test until it is asked what came of it. */
export class Helper {
  readonly #child: ChildProcess;
  #said = '';

  constructor(program: 'open-loop' | 'listeners', plan: object) {
    const file = path.join(import.meta.dirname, `${program}.mjs`);
    this.#child = spawn(process.execPath, [file, JSON.stringify(plan)], { stdio: ['pipe', 'pipe', 'inherit'] });
    // In earnest it would be on other machines: here it takes what the node leaves.
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, HELPER_NICE);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  async untilReady(): Promise<void> {
    await waitUntil(() => this.#said.startsWith('ready\n'), { what: 'all clients are connected', deadlineMs: 120_000 });
    this.#said = '';
  }

  /** Ends it, and gives what it says of itself. */
  async end<Said>(): Promise<Said> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
    return JSON.parse(this.#said) as Said;
  }

  dispose(): void {
    this.#child.kill('SIGKILL');
  }
}
