// What our campaigns share: their options, and the run of one test file that is told of them.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensure } from './ensure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const anyNumber = /^\d+$/;
export const oneOrMore = /^[1-9]\d*$/;
export const numbers = /^[1-9]\d*(,[1-9]\d*)*$/;
export const anyWord = /^.+$/s;

/**
 * Options of the command line: `parseArgs` options of type string, each with the `pattern` of what it may be, or of type
 * boolean. `--help` shows the usage and ends the process; what can't be read shows it, too, after an error, and ends it with 2.
 */
export function readOptions(usage, options) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', default: false } } });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    for (const [name, { pattern }] of Object.entries(options)) {
      for (const value of [values[name] ?? []].flat()) {
        if (pattern !== undefined && !pattern.test(value)) throw new Error(`--${name} can't be '${value}'`);
      }
    }
    return values;
  } catch (error) {
    process.stderr.write(`error: ${error.message}\n${usage}\n`);
    process.exit(2);
  }
}

/** Installs and compiles when needed, runs the tests of a file, and ends the process as they end. */
export async function runTests(file, environment) {
  await ensure();
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', file, '--disableConsoleIntercept'], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}
