import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** The start of a file says what it is: the kernel looks at 256 bytes of a `#!` line. */
const HEADER_BYTES = 256;

/** Path of an executable file of that name in the first directory that has one; null: in none. */
export function findInPath(name: string, searchPath: string): string | null {
  if (searchPath === '') return null;
  for (const directory of searchPath.split(':')) {
    const path = directory === '' ? name : join(directory, name);
    if (isExecutableFile(path)) return path;
  }
  return null;
}

function isExecutableFile(path: string): boolean {
  try {
    // Most directories don't have it, and an exception for each would cost more than all the rest.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Why the kernel would refuse to start a program, as the name of a system error; null: nothing that shows. A file with
 * neither `#!` nor any zero byte is text that was made executable: `ENOEXEC`, where C libraries would run it by a shell.
 */
export function whyNotExecutable(program: string, workingDirectory: string | null): string | null {
  if (program.includes('\0')) return 'EINVAL';
  const path = isAbsolute(program) ? program : resolve(workingDirectory ?? '.', program);
  try {
    if (!statSync(path).isFile()) return 'EACCES';
    accessSync(path, constants.X_OK);
    const header = readHeader(path);
    const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(header)?.[1];
    if (interpreter !== undefined) statSync(resolve(workingDirectory ?? '.', interpreter));
    else if (!header.includes('\0')) return 'ENOEXEC';
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

function readHeader(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // To be run and not to be read: the kernel knows.
    return '\0';
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.toString('latin1', 0, readSync(file, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** Why a process can't have that working directory; `isMissing`: it can't even be looked at. */
export function whyNotDirectory(path: string): { readonly code: string; readonly isMissing: boolean } | null {
  try {
    if (!statSync(path).isDirectory()) return { code: 'ENOTDIR', isMissing: false };
  } catch (error) {
    return { code: codeOf(error), isMissing: true };
  }
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    return { code: codeOf(error), isMissing: false };
  }
}

/** The name of a system error; what isn't one is a bad argument (a NUL in a path). */
const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && !code.startsWith('ERR_') ? code : 'EINVAL';
};
