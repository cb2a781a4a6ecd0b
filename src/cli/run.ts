import { type Command, CommanderError } from 'commander';
import { ConfigError } from '../config/errors.ts';
import { type ConfigHost, systemConfigHost } from '../config/host.ts';
import { bindBooleans } from './commands/agent.ts';
import { buildProgram } from './program.ts';
import { CliError, type CliOutput, type RunAgent } from './types.ts';

export interface CliOptions {
  readonly runAgent: RunAgent;
  /** Without the paths of node and of the script. */
  readonly args?: readonly string[];
  readonly output?: CliOutput;
  readonly configHost?: ConfigHost;
}

const processOutput: CliOutput = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
};

/** Runs one `carillon` command line; resolves with the exit code. Only faults of Carillon itself reject. */
export async function runCli(options: CliOptions): Promise<number> {
  const output = options.output ?? processOutput;
  let exitCode = 0;
  const program = buildProgram({
    config: options.configHost ?? systemConfigHost(),
    output,
    runAgent: async (config, session) => {
      exitCode = await options.runAgent(config, session);
      return exitCode;
    },
  });
  const args = options.args ?? process.argv.slice(2);
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : bindBooleans(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has written the error itself, or the help that was asked for.
      if (error.exitCode !== 0 && error.code !== 'commander.help') output.error(usage(program, args));
      return error.exitCode;
    }
    const problems = problemsOf(error);
    if (problems === undefined) throw error;
    for (const problem of problems) output.error(`Error: ${problem}\n`);
    output.error(usage(program, args));
    return 1;
  }
}

/** One line instead of all flags, which would push the error off the screen. */
function usage(program: Command, [word]: readonly string[]): string {
  const known = program.commands.find((command) => command.name() === word)?.name();
  return known === undefined
    ? "Usage: carillon [command] [options]; 'carillon help' lists the commands\n"
    : `Usage: carillon ${known} [options]; 'carillon help ${known}' lists them\n`;
}

function problemsOf(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigError) return error.problems;
  return error instanceof CliError ? [error.message] : undefined;
}
