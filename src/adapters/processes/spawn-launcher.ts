import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { JobOutput, OutputPipes } from './job-output.ts';
import type { Launch, LaunchEvents, Launcher, LaunchPlan, ProcessEnd } from './launcher.ts';
import { type NamedPipes, openForChildToWrite, openInput } from './named-pipes.ts';

export interface SpawnLauncherOptions {
  /** Null: jobs get Node's sockets, one for each of standard output and standard error. */
  readonly pipes: NamedPipes | null;
  readonly outputs: OutputPipes | null;
  /** 0 to 19; jobs are started with this much lower priority. */
  readonly niceness: number;
}

/** Starts each process by itself: works everywhere and for every plan, and blocks for about a millisecond each. */
export class SpawnLauncher implements Launcher {
  readonly #options: SpawnLauncherOptions;

  constructor(options: SpawnLauncherOptions) {
    this.#options = options;
  }

  launch(plan: LaunchPlan, events: LaunchEvents): Launch {
    return new SpawnedProcess(plan, events, this.#options);
  }

  close(): void {
    // Pipes belong to whoever made them, and each process has its own rest.
  }
}

class SpawnedProcess implements Launch {
  readonly #events: LaunchEvents;
  /** Null: the child writes to sockets of Node. */
  readonly #output: JobOutput | null;
  #input: Writable | null = null;
  #wanted = true;

  constructor(plan: LaunchPlan, events: LaunchEvents, options: SpawnLauncherOptions) {
    this.#events = events;
    this.#output = options.outputs?.open(events) ?? null;
    const inputPath = plan.input === null ? null : (options.pipes?.borrow() ?? null);
    const input = inputPath === null ? null : openInput(inputPath);
    const output = this.#output === null ? null : openForChildToWrite(this.#output.path);
    const child = this.#spawn(plan, input?.childReads ?? (plan.input === null ? 'ignore' : 'pipe'), output ?? 'pipe');
    if (output !== null) closeSync(output);
    if (input !== null) {
      closeSync(input.childReads);
      this.#input = new Socket({ fd: input.weWrite, readable: false, writable: true });
      // Not lent again: what a job did not read would be the next one's.
      this.#input.once('close', () => options.pipes?.forget(inputPath ?? ''));
    }
    if (child !== null) this.#watch(child, plan, options.niceness);
    else this.#input?.destroy();
  }

  withdraw(): boolean {
    return false;
  }

  abandonOutput(): void {
    this.#wanted = false;
    this.#output?.abandon();
  }

  /** Null: it could not be started, which is told in a later turn. */
  #spawn(plan: LaunchPlan, input: number | 'ignore' | 'pipe', output: number | 'pipe'): ChildProcess | null {
    const options: SpawnOptions = {
      argv0: plan.argumentZero,
      env: Object.fromEntries(plan.environment),
      stdio: [input, output, output],
      detached: true,
      windowsHide: true,
      ...(plan.workingDirectory === null ? {} : { cwd: plan.workingDirectory }),
      ...(plan.account === null ? {} : { uid: plan.account.userId, gid: plan.account.groupId }),
    };
    try {
      return spawn(plan.program, [...plan.args], options);
    } catch (error) {
      setImmediate(() => this.#fail(error));
      return null;
    }
  }

  #watch(child: ChildProcess, plan: LaunchPlan, niceness: number): void {
    child.once('error', (error) => {
      if (child.pid === undefined) this.#fail(error);
    });
    if (child.pid === undefined) return;
    if (niceness !== 0) lowerPriority(child.pid, niceness);
    this.#write(child.stdin ?? this.#input, plan.input);
    if (this.#output === null) this.#followSockets(child);
    else this.#output.follow();
    child.once('spawn', () => this.#events.started(child.pid ?? 0));
    child.once('exit', (code, signal) => {
      this.#input?.destroy();
      this.#events.ended(endOf(code, signal));
      this.#output?.drain();
    });
  }

  #write(input: Writable | null, bytes: Uint8Array | null): void {
    if (input === null || bytes === null) return;
    this.#input = input;
    // A child may end, or close its input, without having read all of it.
    input.on('error', () => undefined);
    input.end(bytes);
  }

  #followSockets(child: ChildProcess): void {
    const streams = [child.stdout, child.stderr].filter((stream): stream is Readable => stream !== null);
    let open = streams.length;
    for (const stream of streams) {
      stream.on('data', (chunk: Buffer) => {
        if (this.#wanted) this.#events.output(chunk);
      });
      stream.once('close', () => {
        open -= 1;
        if (open === 0 && this.#wanted) this.#events.outputEnded();
      });
    }
  }

  #fail(error: unknown): void {
    this.#wanted = false;
    this.#output?.discard();
    this.#input?.destroy();
    const code = error instanceof Error && 'code' in error ? error.code : null;
    this.#events.failed(typeof code === 'string' ? code : 'EINVAL');
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
  if (signal !== null) return { type: 'signalled', signal: constants.signals[signal] };
  return { type: 'exited', code: code ?? 0 };
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It has ended already, or the system doesn't allow it: priority is a wish.
  }
}
