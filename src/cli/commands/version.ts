import type { Command } from 'commander';
import { agentProtocol, codename, version } from '../../version.ts';
import type { CliHost } from '../types.ts';

export function addVersionCommand(program: Command, host: CliHost): void {
  program
    .command('version')
    .description('Show the version')
    .action(() => {
      const { speaks, understandsBackTo } = agentProtocol;
      host.output.out(
        `Name: Carillon\nVersion: ${version}\nCodename: ${codename}\n` +
          `Agent Protocol: ${speaks} (Understands back to: ${understandsBackTo})\n`,
      );
    });
}
