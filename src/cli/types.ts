import type { AgentConfig } from '../config/agent-config.ts';
import type { Notice } from '../config/errors.ts';
import type { ConfigHost } from '../config/host.ts';
import type { ReloadedConfig } from '../config/load.ts';

/** What a starting agent gets beside its config. */
export interface AgentSession {
  /** To be logged as soon as there is a log. */
  readonly notices: readonly Notice[];
  /** Reads flags, environment and file again (SIGHUP). Rejects with `ConfigError`: keep the running config then. */
  reloadConfig(): Promise<ReloadedConfig>;
}

/** Runs the agent until it is stopped; resolves with the exit code of the process. */
export type RunAgent = (config: AgentConfig, session: AgentSession) => Promise<number>;

export interface CliOutput {
  out(text: string): void;
  /** Bytes of a job's output, as they were written; resolves when more may come. */
  outBytes(bytes: Uint8Array): Promise<void>;
  error(text: string): void;
}

export interface CliInput {
  /** All that comes over stdin until its end; null: that is more than `mostBytes`. */
  readAll(mostBytes: number): Promise<Uint8Array | null>;
}

/** Who is at the other end of stdout, stderr and stdin. */
export interface Terminal {
  readonly isOutputTty: boolean;
  readonly isErrorTty: boolean;
  /** Asks on stderr and resolves with the line that was typed; null: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Calls back at Ctrl-C, which then doesn't end the process; returns how to leave that to the process again. */
  onInterrupt(listener: () => void): () => void;
  /** The whole screen and its keys; null: stdin or stdout is no terminal. */
  readonly openScreen: (() => Screen) | null;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A screen that is taken over, and given back as it was. */
export interface Screen {
  readonly size: () => ScreenSize;
  /** Shows these lines: at least as many as the screen has, from the top, none of them wider than it. */
  draw(lines: readonly string[]): void;
  /** A key as terminals send it: `q`, `\u001b[A`. */
  onKey(listener: (key: string) => void): void;
  onResize(listener: () => void): void;
  close(): void;
}

/** What commands reach of the outside world; tests give their own. */
export interface CliHost {
  readonly config: ConfigHost;
  readonly input: CliInput;
  readonly output: CliOutput;
  readonly terminal: Terminal;
  readonly runAgent: RunAgent;
  readonly clock: CliClock;
}

export interface CliClock {
  nowMs(): number;
  /** Resolves after the time, or at once when the signal says that it is over. */
  pause(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** What commands end with (docs/cli.md); `carillon agent` has codes of its own. */
export const exitCodes = {
  ok: 0,
  /** The command line, a setting or a file is wrong: nothing was sent. */
  usage: 1,
  notFound: 2,
  /** The server, or the check before sending, refused it. */
  refused: 3,
  /** No server, or its answer was lost. */
  unreachable: 4,
  /** `jobs run --wait`, `executions logs -f`: the job ran and failed. */
  jobFailed: 5,
  /** Ctrl-C came before it was known how it ends: 128 and the signal's number, as shells have it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command failed for reasons that its user can act on: each is shown as `Error: …`. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly problems: readonly string[];
  readonly exitCode: ExitCode;

  constructor(problems: string | readonly string[], exitCode: ExitCode = exitCodes.usage) {
    const all = [problems].flat();
    super(all.join('\n'));
    this.problems = all;
    this.exitCode = exitCode;
  }
}
