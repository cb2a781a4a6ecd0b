import { resolve } from 'node:path';
import { findAccount } from '../../adapters/processes/accounts.ts';
import type { Account, LaunchPlan } from '../../adapters/processes/launcher.ts';
import { findInPath, whyNotDirectory, whyNotExecutable } from '../../adapters/processes/programs.ts';
import { parseGoDuration } from '../../core/schedule/go-duration.ts';
import { quoteAsGo } from '../../core/schedule/go-text.ts';
import { parseGoBool } from '../go-values.ts';
import type { ExecutionRequest } from '../types.ts';
import { decodeBase64 } from './base64.ts';
import { jobEnvironment } from './environment.ts';
import { parseMemoryLimit } from './memory-limit.ts';
import { splitCommand } from './shellwords.ts';
import { parseSuccessCodes } from './success-codes.ts';
import { errorText } from './texts.ts';

/** A shell job, ready to be started. */
export interface ShellJob {
  /** As the user wrote it: part of some texts. */
  readonly command: string;
  readonly plan: LaunchPlan;
  /** Null: may run as long as it likes. Negative ones are over at once, as in Dkron. */
  readonly timeoutNs: bigint | null;
  /** Null: may take what it likes. */
  readonly memoryLimitBytes: bigint | null;
  readonly successCodes: ReadonlySet<number>;
}

/** A bad job: its result is failed, with this text as the error. */
class BadJob extends Error {
  override readonly name = 'BadJob';
}

export type PreparedJob =
  | { readonly ok: true; readonly job: ShellJob }
  | { readonly ok: false; readonly error: string };

/**
 * Reads the config of a shell job, in the order in which Dkron looks at it, so that of several mistakes the same one is
 * told (dkron-v4 2.6.1). Unlike Dkron it looks at everything before it starts anything (dkron-v4 13.1 #24).
 */
export function prepareJob(
  request: ExecutionRequest,
  inherited: ReadonlyMap<string, string>,
  nodeKey: string,
): PreparedJob {
  try {
    return { ok: true, job: readJob(request, inherited, nodeKey) };
  } catch (error) {
    if (error instanceof BadJob) return { ok: false, error: error.message };
    throw error;
  }
}

function readJob(request: ExecutionRequest, inherited: ReadonlyMap<string, string>, nodeKey: string): ShellJob {
  const { config } = request;
  const command = config.command ?? '';
  const shell = parseGoBool(config.shell ?? '');
  const words = shell.ok && shell.value ? shellWords(command) : wordsOf(command);
  const account = accountOf(config.su ?? '');
  const input = payloadOf(config.payload ?? '');
  const timeoutNs = timeoutOf(config.timeout ?? '');
  const memoryLimitBytes = memoryLimitOf(config.mem_limit ?? '');
  const successCodes = successCodesOf(config.success_codes ?? '');
  const environment = jobEnvironment(inherited, request, nodeKey);
  const [name = '', ...args] = words;
  const directory = config.cwd ?? '';
  const workingDirectory = directory === '' ? null : resolve(directory);
  const program = programOf(name, inherited.get('PATH') ?? '', environment.get('PATH') ?? '');
  if ([...environment].some((entry) => entry.join('').includes('\0'))) {
    throw new BadJob('exec: environment variable contains NUL');
  }
  checkDirectory(directory, program, (config.timeout ?? '') === '' && account === null);
  const why = args.some((word) => word.includes('\0')) ? 'EINVAL' : whyNotStarted(program, workingDirectory);
  if (why !== null) throw new BadJob(startErrorText(program, why));
  const plan = { program, argumentZero: name, args, environment, workingDirectory, account, input };
  return { command, plan, timeoutNs, memoryLimitBytes, successCodes };
}

/** Go's text for a program that could not be started; `code` is the name of a system error. */
export const startErrorText = (program: string, code: string): string => `fork/exec ${program}: ${errorText(code)}`;

const isWindows = process.platform === 'win32';
const SHELL = isWindows ? 'cmd' : '/bin/sh';

const shellWords = (command: string): readonly string[] => [SHELL, isWindows ? '/C' : '-c', command];

function wordsOf(command: string): readonly string[] {
  const split = splitCommand(command);
  if (!split.ok) throw new BadJob(split.error);
  if (split.words.length === 0) throw new BadJob('shell: Command missing');
  return split.words;
}

/** `user` or `user:group`. */
function accountOf(su: string): Account | null {
  if (su === '' || isWindows) return null;
  const [user = '', group = null] = su.split(':');
  const found = findAccount(user, group);
  if (found.type === 'unknownUser') throw new BadJob(`user: unknown user ${user}`);
  if (found.type === 'unknownGroup') throw new BadJob(`group: unknown group ${group ?? ''}`);
  return found.account;
}

function payloadOf(payload: string): Uint8Array | null {
  if (payload === '') return null;
  const decoded = decodeBase64(payload);
  if (!decoded.ok) throw new BadJob(decoded.error);
  return decoded.bytes;
}

function timeoutOf(timeout: string): bigint | null {
  if (timeout === '') return null;
  const parsed = parseGoDuration(timeout);
  if (!parsed.ok) throw new BadJob('shell: Error parsing job timeout');
  return parsed.nanoseconds === 0n ? null : parsed.nanoseconds;
}

function memoryLimitOf(limit: string): bigint | null {
  const parsed = parseMemoryLimit(limit);
  if (!parsed.ok) throw new BadJob(`shell: Error parsing job memory limit: ${parsed.error}`);
  return parsed.bytes;
}

function successCodesOf(text: string): ReadonlySet<number> {
  const parsed = parseSuccessCodes(text);
  if (!parsed.ok) throw new BadJob(`shell: success_codes ${parsed.error}`);
  return parsed.codes;
}

/**
 * A name without a slash is looked for in the job's `PATH`, then, as Dkron does, in the agent's: a job that narrows its
 * `PATH` still finds its own program.
 */
function programOf(name: string, agentPath: string, jobPath: string): string {
  if (name === '') throw new BadJob('exec: no command');
  if (isWindows || name.includes('/')) return name;
  const inJobPath = jobPath === agentPath ? null : findInPath(name, absoluteOnly(jobPath));
  const found = inJobPath ?? findInPath(name, agentPath);
  if (found === null) throw new BadJob(`exec: ${quoteAsGo(name)}: executable file not found in $PATH`);
  if (!found.startsWith('/')) {
    throw new BadJob(`exec: ${quoteAsGo(name)}: cannot run executable found relative to current directory`);
  }
  return found;
}

/** What is relative in a job's `PATH` would depend on the agent's own directory. */
const absoluteOnly = (searchPath: string): string => {
  return searchPath
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .join(':');
};

/** Go names the directory only when the job asks for nothing that needs a process group (`timeout`, `su`). */
function checkDirectory(directory: string, program: string, isPlain: boolean): void {
  const why = directory === '' ? null : whyNotDirectory(directory);
  if (why === null) return;
  throw new BadJob(
    why.isMissing && isPlain ? `chdir ${directory}: ${errorText(why.code)}` : startErrorText(program, why.code),
  );
}

function whyNotStarted(program: string, workingDirectory: string | null): string | null {
  return isWindows || program === SHELL ? null : whyNotExecutable(program, workingDirectory);
}
