import type { Command } from 'commander';
import { type CommandEntry, commandTable } from '../command-table.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { powershellCompletion } from '../completion/powershell.ts';
import { zshCompletion } from '../completion/zsh.ts';
import type { CliHost } from '../types.ts';

/** Writes the script of one shell from the table of all commands. */
type ScriptWriter = (root: CommandEntry, descriptions: boolean) => string;

const shells: readonly (readonly [name: string, write: ScriptWriter, use: string])[] = [
  ['bash', bashCompletion, 'source <(carillon completion bash)'],
  ['zsh', zshCompletion, 'source <(carillon completion zsh)'],
  ['fish', fishCompletion, 'carillon completion fish | source'],
  ['powershell', powershellCompletion, 'carillon completion powershell | Out-String | Invoke-Expression'],
];

export function addCompletionCommand(program: Command, host: CliHost): void {
  const completion = program.command('completion').description('Generate the autocompletion script for a shell');
  for (const [name, write, use] of shells) {
    completion
      .command(name)
      .description(`Generate the autocompletion script for ${name}: ${use}`)
      .option('--no-descriptions', 'Complete without descriptions')
      .action(({ descriptions }: { readonly descriptions: boolean }) => {
        host.output.out(write(commandTable(program), descriptions));
      });
  }
}
