import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { NodeProcess } from '../../support/node-process.ts';

const program = path.resolve(import.meta.dirname, '../../../dist/actors/main.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** A command line in a process of its own, in `directory`, against `node`. `hear` gets all of stdout at each piece. */
export function start(
  node: NodeProcess,
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

export const run = (node: NodeProcess, directory: string, args: readonly string[]): Promise<Ended> =>
  start(node, directory, args)[1];
