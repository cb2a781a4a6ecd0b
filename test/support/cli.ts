import { runCli } from '../../src/cli/run.ts';
import type { AgentSession, CliClock, RunAgent, Terminal } from '../../src/cli/types.ts';
import type { AgentConfig } from '../../src/config/agent-config.ts';
import { type FakeMachine, fakeConfigHost } from './config-host.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
  /** What the agent was started with; null when it was not. */
  readonly started: { readonly config: AgentConfig; readonly session: AgentSession } | null;
}

/** Nobody looks and nobody answers, as in a pipe. */
export const noTerminal: Terminal = {
  isOutputTty: false,
  isErrorTty: false,
  ask: null,
  onInterrupt: () => () => undefined,
  openScreen: null,
};

/** Pauses are over at once, after what waits in the event loop. */
export const noPauses: CliClock = { nowMs: () => 0, pause: () => new Promise((resume) => void setImmediate(resume)) };

/** Runs a command line inside this process, with `input` on its stdin; an agent ends at once with `agentExitCode`. */
export async function cli(
  args: readonly string[],
  machine: FakeMachine = {},
  agentExitCode = 0,
  terminal: Terminal = noTerminal,
  input = '',
): Promise<CliResult> {
  let out = '';
  let error = '';
  let started: CliResult['started'] = null;
  const runAgent: RunAgent = async (config, session) => {
    started = { config, session };
    return agentExitCode;
  };
  const exitCode = await runCli({
    args,
    runAgent,
    terminal,
    clock: noPauses,
    configHost: fakeConfigHost(machine),
    input: { readAll: async (mostBytes) => (input.length > mostBytes ? null : new TextEncoder().encode(input)) },
    output: {
      out: (text) => {
        out += text;
      },
      outBytes: async (bytes) => {
        out += Buffer.from(bytes).toString('utf8');
      },
      error: (text) => {
        error += text;
      },
    },
  });
  return { exitCode, out, error, started };
}
