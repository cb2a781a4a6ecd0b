import type { Command } from 'commander';
import { CliError } from '../types.ts';

/** With one server there is nobody to list or remove; the commands say so rather than being unknown. */
export function addRaftCommand(program: Command): void {
  const raft = program.command('raft').description('Operate on the servers that keep the replicated log');
  addRefused(raft, 'list-peers', 'List the servers of the cluster');
  addRefused(raft, 'remove-peer', 'Remove a server from the cluster').option('--peer-id <id>', 'Server to remove', '');
}

function addRefused(raft: Command, name: string, description: string): Command {
  return raft
    .command(name)
    .description(`${description} (not available in this version)`)
    .option('--rpc-addr <address>', 'Address of a server')
    .action(() => {
      throw new CliError(`raft ${name}: this version runs one server, which has no peers to list or remove`);
    });
}
