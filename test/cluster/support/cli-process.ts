import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { NodeProcess } from '../../support/node-process.ts';
import { onTerminal, type TerminalOptions, type TerminalProcess } from '../../support/terminal-process.ts';

const program = path.resolve(import.meta.dirname, '../../../dist/bundle/actors/main.js');

export const prompt = '$ carillon';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** A command line in a process of its own, in `directory`, against `node`. `hear` gets all of stdout at each piece. */
export function start(
  node: Pick<NodeProcess, 'url'>,
  directory: string,
  args: readonly string[],
  hear: (out: string) => void = () => undefined,
): [ChildProcess, Promise<Ended>] {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory, CARILLON_API: node.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    let out = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      hear(out);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      error += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, out, error }));
  });
  return [child, ended];
}

export const run = (node: Pick<NodeProcess, 'url'>, directory: string, args: readonly string[]): Promise<Ended> =>
  start(node, directory, args)[1];

/** The same on a terminal, on whose first line something stands already. */
export const runOnTerminal = (
  node: Pick<NodeProcess, 'url'>,
  args: readonly string[],
  { env, ...options }: TerminalOptions,
  test: (terminal: TerminalProcess) => Promise<void>,
): Promise<void> =>
  onTerminal(
    ['sh', '-c', `echo '${prompt}'; exec "$@"`, 'sh', process.execPath, program, ...args],
    { ...options, env: { CARILLON_API: node.url, ...env } },
    test,
  );
