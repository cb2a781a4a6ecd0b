import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Scope } from '../frame/scope.ts';

/** Ends the output of a job on both pipes, the first time with its exit code; no output of a bench holds it. */
const mark = '\u0001';
/** `set -m`: each job gets a process group of its own. Bash, since dash has that only with a terminal. */
const shell = '/bin/bash';

export interface SlotResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The least that runs commands by pre-forked shells: each shell takes one line after another, starts it as a process
 * group, and ends its output on both pipes with a mark. No record, no kill, no limit: what Carillon adds is the rest.
 */
export class ShellSlots {
  /** Of the shells: what a job used is counted with its shell's. */
  readonly pids: readonly number[];
  readonly #idle: Slot[];
  readonly #waiting: ((slot: Slot) => void)[] = [];

  constructor(scope: Scope, count: number) {
    this.#idle = Array.from({ length: count }, () => new Slot(scope));
    this.pids = this.#idle.map(({ pid }) => pid);
  }

  /** `command`: a simple command, which replaces its shell. */
  async run(command: string): Promise<SlotResult> {
    const slot = this.#idle.pop() ?? (await new Promise<Slot>((resolve) => this.#waiting.push(resolve)));
    const result = await slot.run(command);
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(slot);
    else next(slot);
    return result;
  }
}

class Slot {
  readonly pid: number;
  readonly #child: ChildProcess;
  #done: (result: SlotResult) => void = () => {};
  #stdout = '';
  #stderr = '';

  constructor(scope: Scope) {
    const child = spawn(shell, ['--norc', '--noprofile', '-s'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    if (child.pid === undefined) throw new Error(`${shell} can't be started`);
    this.pid = child.pid;
    scope.ownProcess(child, 'SIGKILL');
    child.stdin.write('set -m\n');
    this.#collect(child.stdout, (text) => {
      this.#stdout += text;
    });
    this.#collect(child.stderr, (text) => {
      this.#stderr += text;
    });
  }

  run(command: string): Promise<SlotResult> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#child.stdin?.write(
        `exec ${command} </dev/null & wait $!; printf '\\001%s\\001' "$?"; printf '\\001\\001' >&2\n`,
      );
    });
  }

  #collect(pipe: Readable, add: (text: string) => void): void {
    pipe.setEncoding('utf8').on('data', (text: string) => {
      add(text);
      if (this.#stdout.endsWith(mark) && this.#stderr.endsWith(mark)) this.#finish();
    });
  }

  #finish(): void {
    const [stdout = '', code = ''] = this.#stdout.split(mark);
    const [stderr = ''] = this.#stderr.split(mark);
    this.#stdout = '';
    this.#stderr = '';
    this.#done({ exitCode: Number(code), stdout, stderr });
  }
}
