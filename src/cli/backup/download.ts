import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FrameParser, frameKinds } from '../../wire/backup/frames.ts';
import { type BackupHeader, decodeFrame } from '../../wire/backup/records.ts';
import type { ApiClient } from '../client/api-client.ts';
import { Progress } from '../show/progress.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';

export interface Download {
  readonly path: string;
  readonly header: BackupHeader;
  readonly bytes: number;
}

/**
 * Writes the server's backup to a file, which exists under its name only when it is whole and on the disk. `output` is
 * null where the header is to give the name.
 */
export async function downloadBackup(client: ApiClient, output: string | null, host: CliHost): Promise<Download> {
  const { workingDirectory } = host.config;
  const unfinished = `${resolve(workingDirectory, output ?? `carillon-${process.pid}.backup`)}.part`;
  const file = await onDisk(unfinished, () => open(unfinished, 'w'));
  try {
    const { header, bytes } = await receive(client, host, (piece) => onDisk(unfinished, () => file.appendFile(piece)));
    await onDisk(unfinished, () => file.sync());
    await file.close();
    const path = output ?? nameOf(header);
    await onDisk(path, () => rename(unfinished, resolve(workingDirectory, path)));
    return { path, header, bytes };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}

type Received = Omit<Download, 'path'>;

async function receive(
  client: ApiClient,
  host: CliHost,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<Received> {
  const parser = new FrameParser();
  let header: BackupHeader | null = null;
  let progress: Progress | null = null;
  let bytes = 0;
  try {
    const request = { method: 'GET', path: 'v1/backup', about: 'backup' } as const;
    for await (const piece of client.follow(request, new AbortController().signal)) {
      bytes += piece.length;
      for (const frame of parser.push(piece)) {
        if (frame.kind === frameKinds.job) progress?.advance();
        if (header !== null) continue;
        const first = decodeFrame(frame);
        if (first.type !== 'header') break;
        header = first;
        progress = new Progress(host, 'Backing up', header.jobs);
      }
      await write(piece);
    }
    parser.finish();
  } catch (error) {
    throw error instanceof CliError ? error : broken(error);
  } finally {
    progress?.end();
  }
  if (header === null) throw broken(new Error('it has no header'));
  return { header, bytes };
}

const broken = (error: unknown): CliError =>
  new CliError(
    `what came is not a whole backup (${error instanceof Error ? error.message : String(error)}): repeat the command`,
    exitCodes.unreachable,
  );

async function onDisk<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new CliError(`${path} can't be written (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Files of several nodes and times beside each other. */
function nameOf({ node, createdAtMs }: BackupHeader): string {
  const at = new Date(createdAtMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return join('.', `carillon-${node.replace(/[^\w.-]/g, '_')}-${at}.backup`);
}
