import { readFile } from 'node:fs/promises';
import { limits } from '../../core/limits.ts';
import { BackupInvalid, frameKinds } from '../../wire/backup/frames.ts';
import type { ApiAnswer, ApiClient } from '../client/api-client.ts';
import { isJsonObject, listOf, numberOf, objectIn, textOf } from '../client/json.ts';
import { refusalOf } from '../client/refusal.ts';
import { Progress } from '../show/progress.ts';
import { CliError, type CliHost, type ExitCode, exitCodes } from '../types.ts';
import { lookAt, portionsOf, readHeader } from './backup-file.ts';

export interface Restored {
  readonly jobs: number;
  readonly executions: number;
  readonly notes: number;
  readonly failed: readonly FailedJob[];
}

interface FailedJob {
  readonly job: string;
  readonly message: string;
}

/** Restores a backup of ours in portions, or a list of jobs at once. Nothing is sent of a file that is not whole. */
export async function uploadBackup(client: ApiClient, path: string, host: CliHost): Promise<Restored> {
  const file = await lookAt(path);
  try {
    if (file.isBackup) return await sendPortions(client, path, host);
  } catch (error) {
    if (error instanceof BackupInvalid) throw new CliError(`${path}: ${error.message}; nothing was restored of it`);
    throw error;
  }
  if (file.bytes > limits.restoreBodyBytes) {
    throw new CliError(
      `${path} is no backup, and larger than a list of jobs may be (${limits.restoreBodyBytes} bytes)`,
    );
  }
  return await sendList(client, path);
}

async function sendPortions(client: ApiClient, path: string, host: CliHost): Promise<Restored> {
  const header = await readHeader(path);
  const progress = new Progress(host, 'Restoring', header.jobs);
  let restored: Restored = { jobs: 0, executions: 0, notes: 0, failed: [] };
  try {
    for await (const portion of portionsOf(path, ({ kind }) => kind === frameKinds.job)) {
      const answer = await send(client, portion.bytes, 'application/octet-stream', goOnAdvice(progress));
      restored = sum(restored, objectIn(answer));
      for (let job = 0; job < portion.jobs; job += 1) progress.advance();
    }
  } finally {
    progress.end();
  }
  return restored;
}

const goOnAdvice = ({ done, total }: Progress): string =>
  done === 0 ? '' : `; ${done} of ${total} jobs are restored, and the same command restores the others`;

async function send(client: ApiClient, body: Uint8Array, contentType: string, advice: string): Promise<ApiAnswer> {
  let answer: ApiAnswer;
  try {
    answer = await client.send({
      method: 'POST',
      path: 'v1/restore',
      body,
      contentType,
      timeoutMs: 0,
      about: 'restore',
    });
  } catch (error) {
    throw withAdvice(error, advice);
  }
  if (answer.status >= 300) throw withAdvice(refusalOf(answer, 'restore'), advice, exitCodes.refused);
  return answer;
}

function withAdvice(error: unknown, advice: string, exitCode?: ExitCode): unknown {
  return error instanceof CliError ? new CliError(`${error.message}${advice}`, exitCode ?? error.exitCode) : error;
}

function sum(before: Restored, answer: ReturnType<typeof objectIn>): Restored {
  const failed = Array.isArray(answer.failed) ? answer.failed.filter(isJsonObject) : [];
  return {
    jobs: before.jobs + numberOf(answer, 'jobs'),
    executions: before.executions + numberOf(answer, 'executions'),
    notes: before.notes + numberOf(answer, 'notes'),
    failed: [...before.failed, ...failed.map((one) => ({ job: textOf(one, 'job'), message: textOf(one, 'message') }))],
  };
}

/** A list of jobs, such as Dkron's `GET /v1/jobs`: definitions and counters. */
async function sendList(client: ApiClient, path: string): Promise<Restored> {
  const boundary = 'carillon-restore-7d1f0c5a9b3e4862';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="jobs.json"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), await readFile(path), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const answer = await send(client, body, `multipart/form-data; boundary=${boundary}`, '');
  const results = resultsIn(answer);
  const failures = results.filter((result) => result.startsWith('fail '));
  return {
    jobs: results.length - failures.length,
    executions: 0,
    notes: 0,
    failed: failures.map((result) => ({ job: result.replace(/^fail create /, ''), message: 'the server refused it' })),
  };
}

/** A text that holds a JSON list of texts, as Dkron answers. */
function resultsIn(answer: ApiAnswer): readonly string[] {
  try {
    const text: unknown = JSON.parse(answer.text);
    if (typeof text === 'string') return listOf({ results: JSON.parse(text) }, 'results');
  } catch {
    // Falls through: another server than ours.
  }
  throw new CliError('the answer is not that of a Carillon or Dkron server: check --api', exitCodes.unreachable);
}
