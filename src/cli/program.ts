import { Command } from 'commander';
import { addAgentCommand } from './commands/agent.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDocCommand } from './commands/doc.ts';
import { addEventsCommand } from './commands/events.ts';
import { addExecutionsCommand } from './commands/executions.ts';
import { addJobsCommand } from './commands/jobs.ts';
import { addKeygenCommand } from './commands/keygen.ts';
import { addLeaveCommand } from './commands/leave.ts';
import { addRaftCommand } from './commands/raft.ts';
import { addRecoverCommand } from './commands/recover.ts';
import { addTopCommand } from './commands/top.ts';
import { addVersionCommand } from './commands/version.ts';
import { optionTerm } from './option-term.ts';
import type { CliHost } from './types.ts';

/** The whole command line of `carillon`: Dkron's commands (dkron-v4 5.1) and ours, with one host behind all of them. */
export function buildProgram(host: CliHost): Command {
  const program = new Command('carillon')
    .description('Carillon, a distributed job scheduler')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.output.out(text),
      writeErr: (text) => host.output.error(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
    })
    .configureHelp({ optionTerm });
  addAgentCommand(program, host);
  addBackupCommands(program, host);
  addCompletionCommand(program, host);
  addDocCommand(program, host);
  addEventsCommand(program, host);
  addExecutionsCommand(program, host);
  addJobsCommand(program, host);
  addKeygenCommand(program, host);
  addLeaveCommand(program, host);
  addRaftCommand(program);
  addRecoverCommand(program, host);
  addTopCommand(program, host);
  addVersionCommand(program, host);
  return program.helpCommand('help [command]', 'Help about any command');
}
