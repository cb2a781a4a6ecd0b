import type { ProcessEnd } from '../../adapters/processes/launcher.ts';

/** What Go calls system errors: Dkron shows them to users. */
const errorTexts: ReadonlyMap<string, string> = new Map([
  ['E2BIG', 'argument list too long'],
  ['EACCES', 'permission denied'],
  ['EAGAIN', 'resource temporarily unavailable'],
  ['EINVAL', 'invalid argument'],
  ['EIO', 'input/output error'],
  ['EISDIR', 'is a directory'],
  ['ELOOP', 'too many levels of symbolic links'],
  ['EMFILE', 'too many open files'],
  ['ENAMETOOLONG', 'file name too long'],
  ['ENFILE', 'too many open files in system'],
  ['ENOENT', 'no such file or directory'],
  ['ENOEXEC', 'exec format error'],
  ['ENOMEM', 'cannot allocate memory'],
  ['ENOSPC', 'no space left on device'],
  ['ENOTDIR', 'not a directory'],
  ['EPERM', 'operation not permitted'],
  ['ETXTBSY', 'text file busy'],
]);

export const errorText = (code: string): string => errorTexts.get(code) ?? code;

/** What Go calls signals, by their numbers on Linux. */
const signalTexts: readonly string[] = [
  '',
  'hangup',
  'interrupt',
  'quit',
  'illegal instruction',
  'trace/breakpoint trap',
  'aborted',
  'bus error',
  'floating point exception',
  'killed',
  'user defined signal 1',
  'segmentation fault',
  'user defined signal 2',
  'broken pipe',
  'alarm clock',
  'terminated',
  'stack fault',
  'child exited',
  'continued',
  'stopped (signal)',
  'stopped',
  'stopped (tty input)',
  'stopped (tty output)',
  'urgent I/O condition',
  'CPU time limit exceeded',
  'file size limit exceeded',
  'virtual timer expired',
  'profiling timer expired',
  'window changed',
  'I/O possible',
  'power failure',
  'bad system call',
];

/** Go's error for the end of a process; empty: it succeeded. */
export function endText(end: ProcessEnd, successCodes: ReadonlySet<number>): string {
  if (end.type === 'exited') return successCodes.has(end.code) ? '' : `exit status ${end.code}`;
  const dumped = end.coreDumped ? ' (core dumped)' : '';
  return `signal: ${signalTexts[end.signal] ?? `signal ${end.signal}`}${dumped}`;
}
