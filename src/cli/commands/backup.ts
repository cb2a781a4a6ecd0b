import { resolve } from 'node:path';
import type { Command } from 'commander';
import { downloadBackup } from '../backup/download.ts';
import { type Restored, uploadBackup } from '../backup/upload.ts';
import { withApi } from '../client/api-client.ts';
import { visible } from '../show/table.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiOptions, addApiOptions } from './shared.ts';

interface BackupOptions extends ApiOptions {
  readonly output?: string;
}

const failuresTold = 20;

export function addBackupCommands(program: Command, host: CliHost): void {
  const backup = program
    .command('backup')
    .description('Write jobs, counters and history of a running server to a file')
    .option('-o, --output <file>', 'File to write; default: named after node and time, in the working directory');
  addApiOptions(backup).action((options: BackupOptions) => makeBackup(options, host));
  const restore = program
    .command('restore <file>')
    .description('Bring back a backup, or set the jobs of a list of jobs')
    .usage('<file> [options]');
  addApiOptions(restore).action((file: string, options: ApiOptions) => restoreFile(file, options, host));
}

async function makeBackup({ api, json, output }: BackupOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    const { path, bytes, header } = await downloadBackup(client, output ?? null, host);
    const { jobs, node, appliedIndex } = header;
    if (json) host.output.out(`${JSON.stringify({ file: path, bytes, jobs, node, index: appliedIndex })}\n`);
    else host.output.out(`Wrote ${jobs} jobs and their history to ${visible(path)} (${bytes} bytes)\n`);
  });
}

async function restoreFile(file: string, { api, json }: ApiOptions, host: CliHost): Promise<void> {
  await withApi(api, host, async (client) => {
    const restored = await uploadBackup(client, resolve(host.config.workingDirectory, file), host);
    const { jobs, executions, notes } = restored;
    if (json) host.output.out(`${JSON.stringify(restored)}\n`);
    else host.output.out(`Restored ${jobs} jobs, ${executions} executions, ${notes} missed or skipped due times\n`);
    failOnRefused(restored);
  });
}

function failOnRefused({ failed }: Restored): void {
  if (failed.length === 0) return;
  const problems = failed.slice(0, failuresTold).map(({ job, message }) => `job ${visible(job)}: ${message}`);
  if (failed.length > problems.length) problems.push(`and ${failed.length - problems.length} more`);
  throw new CliError(problems, exitCodes.refused);
}
