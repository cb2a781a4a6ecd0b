import { setTimeout } from 'node:timers/promises';
import { type Command, CommanderError } from 'commander';
import { ConfigError } from '../config/errors.ts';
import { type ConfigHost, systemConfigHost } from '../config/host.ts';
import { bindBooleans } from './commands/agent.ts';
import { buildProgram } from './program.ts';
import { systemTerminal } from './terminal.ts';
import {
  type CliClock,
  CliError,
  type CliInput,
  type CliOutput,
  exitCodes,
  type RunAgent,
  type Terminal,
} from './types.ts';

export interface CliOptions {
  readonly runAgent: RunAgent;
  /** Without the paths of node and of the script. */
  readonly args?: readonly string[];
  readonly input?: CliInput;
  readonly output?: CliOutput;
  readonly configHost?: ConfigHost;
  readonly terminal?: Terminal;
  readonly clock?: CliClock;
}

/** Runs one `carillon` command line; resolves with the exit code. Only faults of Carillon itself reject. */
export async function runCli(options: CliOptions): Promise<number> {
  if (options.output !== undefined) return await runOn(options.output, options);
  const exitCode = await runOn(processOutput(), options);
  // Who calls this may end the process at once: what a slow pipe has not taken yet would be lost.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  return exitCode;
}

async function runOn(output: CliOutput, options: CliOptions): Promise<number> {
  let agentExitCode = 0;
  const program = buildProgram({
    config: options.configHost ?? systemConfigHost(),
    input: options.input ?? processInput,
    output,
    terminal: options.terminal ?? systemTerminal(),
    clock: options.clock ?? systemClock,
    runAgent: async (config, session) => {
      agentExitCode = await options.runAgent(config, session);
      return agentExitCode;
    },
  });
  const args = options.args ?? process.argv.slice(2);
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : bindBooleans(args), { from: 'user' });
    return agentExitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has written the error itself, or the help that was asked for.
      if (error.exitCode !== 0 && error.code !== 'commander.help') output.error(usage(program, args));
      return error.exitCode;
    }
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    for (const problem of failure.problems) output.error(`Error: ${problem}\n`);
    if (failure.exitCode === exitCodes.usage) output.error(usage(program, args));
    return failure.exitCode;
  }
}

const processInput: CliInput = {
  readAll: async (mostBytes) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of process.stdin) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > mostBytes) return null;
    }
    return Buffer.concat(pieces);
  },
};

function processOutput(): CliOutput {
  // `carillon jobs list | head`: the reader has seen enough, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.ok);
  });
  return {
    out: (text) => void process.stdout.write(text),
    outBytes: (bytes) => new Promise((taken) => process.stdout.write(bytes, () => taken())),
    error: (text) => void process.stderr.write(text),
  };
}

const systemClock: CliClock = {
  nowMs: () => Date.now(),
  pause: async (durationMs, signal) => {
    // A pause that is cut short is over.
    await setTimeout(durationMs, undefined, { signal }).catch(() => undefined);
  },
};

/** One line instead of all flags, which would push the error off the screen. */
function usage(program: Command, args: readonly string[]): string {
  const words = [program.name()];
  let command = program;
  for (const word of args) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) break;
    words.push(word);
    command = next;
  }
  const path = words.join(' ');
  return command.commands.length > 0
    ? `Usage: ${path} [command] [options]; '${path} --help' lists the commands\n`
    : `Usage: ${path} ${command.usage()}; '${path} --help' says more\n`;
}

function failureOf(error: unknown): Pick<CliError, 'problems' | 'exitCode'> | undefined {
  if (error instanceof ConfigError) return { problems: error.problems, exitCode: exitCodes.usage };
  return error instanceof CliError ? error : undefined;
}
