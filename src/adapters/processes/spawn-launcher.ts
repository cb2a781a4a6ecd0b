import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { openInput } from './input-file.ts';
import type { JobOutput, OutputPipes } from './job-output.ts';
import type { Launch, LaunchEvents, Launcher, LaunchPlan, ProcessEnd } from './launcher.ts';
import { openForChildToWrite } from './named-pipes.ts';

export interface SpawnLauncherOptions {
  /** Null: jobs get Node's sockets, one for each of standard output and standard error. */
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
    // Pipes belong to whoever made them, and nothing else is held.
  }
}

class SpawnedProcess implements Launch {
  readonly #events: LaunchEvents;
  /** Null: the child writes to sockets of Node. */
  readonly #output: JobOutput | null;
  #wanted = true;

  constructor(plan: LaunchPlan, events: LaunchEvents, options: SpawnLauncherOptions) {
    this.#events = events;
    this.#output = options.outputs?.open(events) ?? null;
    const opened: number[] = [];
    const keep = (descriptor: number): number => {
      opened.push(descriptor);
      return descriptor;
    };
    try {
      const input = plan.input === null ? 'ignore' : keep(openInput(plan.input, plan.account));
      const output = this.#output === null ? 'pipe' : keep(openForChildToWrite(this.#output.path));
      const child = spawn(plan.program, [...plan.args], spawnOptions(plan, [input, output, output]));
      child.once('error', (error) => {
        if (child.pid === undefined) this.#fail(error);
      });
      if (child.pid !== undefined) this.#watch(child, child.pid, options.niceness);
    } catch (error) {
      setImmediate(() => this.#fail(error));
    } finally {
      for (const descriptor of opened) closeSync(descriptor);
    }
  }

  withdraw(): boolean {
    return false;
  }

  abandonOutput(): void {
    this.#wanted = false;
    this.#output?.abandon();
  }

  #watch(child: ChildProcess, pid: number, niceness: number): void {
    if (niceness !== 0) lowerPriority(pid, niceness);
    if (this.#output === null) this.#followSockets(child);
    else this.#output.follow();
    child.once('spawn', () => this.#events.started(pid));
    child.once('exit', (code, signal) => this.#events.ended(endOf(code, signal)));
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
    this.#output?.discard();
    const code = error instanceof Error && 'code' in error ? error.code : null;
    this.#events.failed(typeof code === 'string' ? code : 'EINVAL');
  }
}

const spawnOptions = (plan: LaunchPlan, stdio: readonly (number | 'ignore' | 'pipe')[]): SpawnOptions => ({
  argv0: plan.argumentZero,
  env: Object.fromEntries(plan.environment),
  stdio: [...stdio],
  // A session, and with it a process group, of its own.
  detached: true,
  windowsHide: true,
  ...(plan.workingDirectory === null ? {} : { cwd: plan.workingDirectory }),
  ...(plan.account === null ? {} : { uid: plan.account.userId, gid: plan.account.groupId }),
});

/** Node has no names for real-time signals, and takes a process that one of them ended for one that exited with 0. */
function endOf(code: number | null, signal: NodeJS.Signals | null): ProcessEnd {
  if (signal !== null) return { type: 'signalled', signal: constants.signals[signal], coreDumped: false };
  return { type: 'exited', code: code ?? 0 };
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It has ended already, or the system doesn't allow it: priority is a wish.
  }
}
