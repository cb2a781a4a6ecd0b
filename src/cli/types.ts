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

/** What commands reach of the outside world; tests give their own. */
export interface CliHost {
  readonly config: ConfigHost;
  readonly output: CliOutput;
  readonly runAgent: RunAgent;
}

/** A command failed for a reason that its user can act on: shown as `Error: …`, exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
