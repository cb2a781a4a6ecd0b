import { spawnSync } from 'node:child_process';
import { constants, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import type { ObservedStart } from './history.ts';

export interface ObservedAttempt extends ObservedStart {
  readonly attempt: number;
  readonly pid: number;
}

/**
 * Sees jobs start and end from outside the node: they write a line into a named pipe, and what counts is when it is
 * heard here, by a clock of its own. A line is shorter than what a pipe takes at once, so that none is torn.
 */
export class Observer {
  readonly starts: ObservedAttempt[] = [];
  readonly ended = new Set<string>();
  readonly #pipe: string;
  readonly #socket: Socket;
  /** Of each job, what started and did not say that it ended. */
  readonly #open = new Map<string, ObservedAttempt[]>();
  #rest = '';

  constructor(folder: string) {
    this.#pipe = path.join(folder, 'observer');
    const made = spawnSync('mkfifo', [this.#pipe]);
    if (made.status !== 0) throw new Error(`mkfifo ${this.#pipe}: ${made.stderr}`);
    // Open for writing too: no writer ever waits for a reader, and no reader sees an end.
    const descriptor = openSync(this.#pipe, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: false });
    this.#socket.setEncoding('utf8').on('data', (text) => this.#hear(String(text)));
  }

  /** A shell command that reports its start, does something, and reports its end. */
  command(what: string): string {
    const line = (kind: string): string =>
      `echo "${kind} $CARILLON_JOB_NAME $CARILLON_SCHEDULED_AT $CARILLON_ATTEMPT $CARILLON_EXECUTION_ID $$" > ${this.#pipe}`;
    return `${line('S')}; ${what}; R=$?; ${line('E')}; exit $R`;
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(text: string): void {
    const atMs = Date.now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [kind, job = '', scheduledAt = '', attempt = '', execution = '', pid = ''] = line.split(' ');
      if (kind === 'E') this.#end(job, execution);
      else this.#start({ job, execution, atMs, scheduledAtMs: Date.parse(scheduledAt), attempt: +attempt, pid: +pid });
    }
  }

  #start(told: Omit<ObservedAttempt, 'beside'>): void {
    const before = (this.#open.get(told.job) ?? []).filter(lives);
    const start = { ...told, beside: before.map(({ execution }) => execution) };
    this.starts.push(start);
    this.#open.set(told.job, [...before, start]);
  }

  #end(job: string, execution: string): void {
    this.ended.add(execution);
    const open = (this.#open.get(job) ?? []).filter((start) => start.execution !== execution);
    this.#open.set(job, open);
  }
}

/** A process that was killed says nothing: whether it is there is asked of the system, by its number and its execution. */
function lives({ pid, execution }: ObservedAttempt): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(execution);
  } catch {
    return false;
  }
}
