import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../frame/scope.ts';
import { type ExpectedStarts, question, type SeenStart, startKey } from './protocol.ts';

const program = fileURLToPath(new URL('./observer-process.js', import.meta.url));
const askAgainMs = 250;

/** Sees jobs start from outside of whatever starts them: a process and a clock of its own, and a pipe that jobs write to. */
export class Observer {
  readonly #pipe: string;
  readonly #descriptor: number;
  readonly #answers: Interface;
  /** Rejects when the observer has ended. */
  readonly #ended: Promise<never>;

  constructor(scope: Scope) {
    this.#pipe = join(scope.makeDirectory(), 'starts');
    const made = spawnSync('mkfifo', [this.#pipe]);
    if (made.status !== 0) throw new Error(`mkfifo ${this.#pipe}: ${made.error?.message ?? made.stderr}`);
    // Held open in both directions: no job ever waits for a reader or is the last to close it.
    const descriptor = openSync(this.#pipe, constants.O_RDWR);
    this.#descriptor = descriptor;
    scope.defer(() => closeSync(descriptor));
    const child: ChildProcess = spawn(process.execPath, [program, this.#pipe], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    scope.ownProcess(child);
    if (child.stdout === null) throw new Error('the observer has no output');
    this.#answers = createInterface({ input: child.stdout });
    this.#ended = once(this.#answers, 'close').then(() => Promise.reject(new Error('the observer has ended')));
    this.#ended.catch(() => {});
  }

  /** What a job of Carillon has to run, by a shell. */
  get jobCommand(): string {
    return `echo "$CARILLON_JOB_NAME $CARILLON_SCHEDULED_AT" > "${this.#pipe}"`;
  }

  /** The same for whoever starts without Carillon. */
  rawCommand(job: string, dueMs: number): string {
    return `/bin/sh -c 'echo "${job} ${new Date(dueMs).toISOString()}" > "${this.#pipe}"'`;
  }

  /** Starts of what is expected, once all were seen or `withinMs` have passed; others are forgotten. */
  async collect(expected: ExpectedStarts, withinMs: number): Promise<readonly SeenStart[]> {
    const starts: SeenStart[] = [];
    const deadline = performance.now() + withinMs;
    for (;;) {
      starts.push(...(await this.#ask()).filter((start) => expected.has(startKey(start))));
      if (starts.length >= expected.size || performance.now() > deadline) return starts;
      await pause(askAgainMs);
    }
  }

  async #ask(): Promise<readonly SeenStart[]> {
    const lines: string[] = [];
    const answered = new Promise<void>((resolve) => {
      const hear = (line: string): void => {
        if (line !== question) return void lines.push(line);
        this.#answers.off('line', hear);
        resolve();
      };
      this.#answers.on('line', hear);
    });
    writeSync(this.#descriptor, `${question}\n`);
    await Promise.race([answered, this.#ended]);
    return lines.map(startOf);
  }
}

function startOf(line: string): SeenStart {
  const [job = '', due = '', at = ''] = line.split(' ');
  const start = { job, dueMs: Date.parse(due), atMs: Number(at) };
  if (Number.isNaN(start.dueMs) || Number.isNaN(start.atMs)) throw new Error(`the observer heard: ${line}`);
  return start;
}
