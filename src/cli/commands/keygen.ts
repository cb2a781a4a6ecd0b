import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { CliHost } from '../types.ts';

const keyBytes = 16;

/** Dkron prints its key inside a log line on stderr; here it stands alone on stdout, ready for a script. */
export function addKeygenCommand(program: Command, host: CliHost): void {
  program
    .command('keygen')
    .description('Generate a new encryption key')
    .action(() => host.output.out(`${randomBytes(keyBytes).toString('base64')}\n`));
}
