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
  error(text: string): void;
}

/** Who is at the other end of stdout, stderr and stdin. */
export interface Terminal {
  readonly isOutputTty: boolean;
  readonly isErrorTty: boolean;
  /** Asks on stderr and resolves with the line that was typed; null: there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

/** What commands reach of the outside world; tests give their own. */
export interface CliHost {
  readonly config: ConfigHost;
  readonly output: CliOutput;
  readonly terminal: Terminal;
  readonly runAgent: RunAgent;
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
  /** `jobs run --wait`: the job ran and failed. */
  jobFailed: 5,
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
