import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { assert } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import type { JobOutput } from './job-output.ts';
import type { LaunchEvents, ProcessEnd } from './launcher.ts';
import { onlyChildOf } from './only-child.ts';
import { slotScript } from './slot-script.ts';
import type { Timers } from './timers.ts';

/** One job in a slot. */
export interface SlotRun {
  readonly frame: string;
  readonly output: JobOutput;
  readonly events: LaunchEvents;
}

export interface SlotOptions {
  /** Path of a bash. */
  readonly shell: string;
  /** A named pipe for the shell's own words; nobody else may have it. */
  readonly wordsPath: string;
  readonly environment: ReadonlyMap<string, string>;
  /** Names of variables that each job is told. */
  readonly usualVariables: readonly string[];
  readonly niceness: number;
  readonly timers: Timers;
}

export interface SlotEvents {
  /** The job is over: the slot can take another one. */
  free(): void;
  /** The shell died: the slot takes no more jobs. */
  died(): void;
}

/** A long-lived shell that starts one job after another (see slot-script.ts). */
export class Slot {
  readonly wordsPath: string;
  readonly #input: Writable;
  readonly #events: SlotEvents;
  readonly #timers: Timers;
  readonly #pid: number | undefined;
  #run: SlotRun | null = null;
  #hasStarted = false;
  /** The shell said that it could not start the job. */
  #hasFailed = false;
  #stopLooking: () => void = () => undefined;
  /** The beginning of a line that has not come in full. */
  #partial = '';
  #alive = true;
  #runs = 0;

  constructor(options: SlotOptions, events: SlotEvents) {
    this.wordsPath = options.wordsPath;
    this.#events = events;
    this.#timers = options.timers;
    const child = forkShell(options);
    child.once('error', () => this.#die());
    // Not `exit`: by then not all that it said may have arrived.
    child.once('close', () => this.#die());
    this.#pid = child.pid;
    const { stdin, stdout } = child;
    assert(stdin !== null && stdout !== null, 'a slot has pipes');
    this.#input = stdin;
    stdin.on('error', () => undefined);
    stdout.on('error', () => undefined);
    this.#listen(stdout);
  }

  /** Jobs that it has taken. */
  get runs(): number {
    return this.#runs;
  }

  get isBusy(): boolean {
    return this.#run !== null;
  }

  run(run: SlotRun): void {
    assert(this.#run === null && this.#alive, 'a slot runs one job at a time');
    this.#run = run;
    this.#hasStarted = false;
    this.#runs += 1;
    this.#input.write(run.frame);
    this.#lookLater(run);
  }

  /** The shell ends when its input does, after the job that it may have. */
  close(): void {
    this.#alive = this.#run !== null;
    this.#input.end();
  }

  /** Most jobs are over before it would be worth looking at them, and listening to them. */
  #lookLater(run: SlotRun): void {
    this.#stopLooking = this.#timers.after(limits.outputFollowMs, () => this.#look(run));
  }

  #look(run: SlotRun): void {
    const pid = this.#pid === undefined ? null : onlyChildOf(this.#pid);
    if (pid === null) {
      this.#lookLater(run);
      return;
    }
    this.#hasStarted = true;
    run.events.started(pid);
    run.output.follow();
  }

  #listen(answers: Readable): void {
    answers.setEncoding('latin1');
    answers.on('data', (text: string) => {
      const lines = (this.#partial + text).split('\n');
      this.#partial = lines.pop() ?? '';
      for (const line of lines) this.#answer(line);
    });
  }

  #answer(line: string): void {
    const [verb, pid, status, kind] = line.split(' ');
    const run = this.#run;
    assert(run !== null, 'a slot without a job says nothing');
    if (verb === 'failed') {
      this.#hasFailed = true;
      return;
    }
    assert(verb === 'ended', 'a slot says how a job ended, or that it could not be started');
    if (!this.#hasStarted) run.events.started(Number(pid));
    this.#finish(run, endOf(Number(status), kind));
    this.#events.free();
  }

  #die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    if (this.#run !== null) this.#finish(this.#run, null);
    this.#events.died();
  }

  #finish(run: SlotRun, end: ProcessEnd | null): void {
    this.#run = null;
    this.#stopLooking();
    if (this.#hasFailed || this.#pid === undefined) {
      run.output.discard();
      run.events.failed('EAGAIN');
      return;
    }
    run.output.drain();
    run.events.ended(end);
  }
}

function forkShell(options: SlotOptions): ChildProcess {
  const { wordsPath, usualVariables } = options;
  const args = ['--norc', '--noprofile', '-c', slotScript, 'carillon-slot', wordsPath, ...usualVariables];
  const child = spawn(options.shell, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...Object.fromEntries(options.environment), LC_ALL: 'C' },
    // A session of its own: what a terminal sends to our group is not for jobs.
    detached: true,
  });
  if (child.pid !== undefined && options.niceness !== 0) setPriority(child.pid, options.niceness);
  return child;
}

/** `kind`: the third word of the shell's answer. */
function endOf(status: number, kind: string | undefined): ProcessEnd {
  if (kind === 'exited') return { type: 'exited', code: status };
  return { type: 'signalled', signal: status - 128, coreDumped: kind === 'dumped' };
}
