import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { JsonObject } from '../client/json.ts';
import { CliError, type CliHost } from '../types.ts';
import { JobFileError, jobsInText } from './job-text.ts';

/** A job of a file, as it stands there. */
export interface FiledJob {
  readonly file: string;
  /** Keys in the API's writing. */
  readonly job: JsonObject;
}

const jobFileName = /\.(json|ya?ml)$/i;
/** A dump of 100,000 jobs is about 60 MB. */
const fileBytes = 256 << 20;

/** What `--file` takes for standard input. */
export const standardInput = '-';
const inputName = 'standard input';

/** All jobs that `--file` names. Throws a `CliError` with every problem that there is. */
export async function readJobs(path: string, host: Pick<CliHost, 'config' | 'input'>): Promise<readonly FiledJob[]> {
  return path === standardInput ? await jobsOfInput(host.input) : jobsOfFiles(path, host.config.workingDirectory);
}

async function jobsOfInput(input: CliHost['input']): Promise<readonly FiledJob[]> {
  const bytes = await input.readAll(fileBytes);
  if (bytes === null) throw new CliError(`${inputName} is larger than ${fileBytes} bytes`);
  try {
    const jobs = jobsInText(decoded(bytes), null).map((job) => ({ file: inputName, job }));
    if (jobs.length > 0) return jobs;
  } catch (error) {
    throw new CliError(`${inputName}: ${messageOf(error)}`);
  }
  throw new CliError(`${inputName} holds no job: write YAML or JSON with jobs to it`);
}

/**
 * All jobs of a file, or of a folder and all below it in the order of their paths. What begins with a dot is left out,
 * as is what isn't named `.yaml`, `.yml` or `.json`.
 */
function jobsOfFiles(path: string, workingDirectory: string): readonly FiledJob[] {
  const problems: string[] = [];
  const jobs: FiledJob[] = [];
  for (const file of filesUnder(path, workingDirectory)) {
    try {
      for (const job of jobsInText(readBounded(resolve(workingDirectory, file)), /\.json$/i.test(file))) {
        jobs.push({ file, job });
      }
    } catch (error) {
      problems.push(`${file}: ${messageOf(error)}`);
    }
  }
  if (problems.length > 0) throw new CliError(problems);
  if (jobs.length === 0) {
    throw new CliError(`${path} holds no job: name a .yaml, .yml or .json file with jobs, or a folder with such files`);
  }
  return jobs;
}

function filesUnder(path: string, workingDirectory: string): readonly string[] {
  try {
    const status = statSync(resolve(workingDirectory, path));
    return status.isDirectory() ? filesInFolder(path, workingDirectory) : [path];
  } catch (error) {
    throw new CliError(`--file: ${path} can't be read (${messageOf(error)})`);
  }
}

function filesInFolder(folder: string, workingDirectory: string): readonly string[] {
  const entries = readdirSync(resolve(workingDirectory, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesInFolder(path, workingDirectory);
    if (!jobFileName.test(entry.name)) return [];
    // Links to files are followed (mounted volumes have them), links to folders not: they may lead in a circle.
    return entry.isFile() || statSync(resolve(workingDirectory, path)).isFile() ? [path] : [];
  });
}

function readBounded(path: string): string {
  if (statSync(path).size > fileBytes) throw new JobFileError(`is larger than ${fileBytes} bytes`);
  return decoded(readFileSync(path));
}

const decoded = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
