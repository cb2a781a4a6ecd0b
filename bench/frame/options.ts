import { realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly json: boolean;
  /** Where the page goes; null: none is wanted. */
  readonly html: string | null;
  readonly smoke: boolean;
  readonly help: boolean;
  /** Suites to run, in their usual order; empty: all. */
  readonly only: readonly string[];
  readonly seed: number;
  readonly directory: string;
  /** How long `memory` keeps the node busy; null: as long as is usual. */
  readonly sustainedSeconds: number | null;
}

export const usage = `npm run bench -- [options]
  --only NAME       run this suite; may be given several times
  --json            one JSON document on standard output instead of tables
  --html FILE       also a page with plots, which needs nothing else to be looked at
  --smoke           a second a suite: shows that everything works, measures nothing
  --seed NUMBER     of everything that is drawn (default 1)
  --directory PATH  the disk to measure (default: the system's directory for temporary files)
  --sustain SECONDS how long memory is watched while jobs run (default 60; the target is for 1200)
  --help`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws `UsageError` with a sentence for the user. */
export function readOptions(args: readonly string[], suites: readonly string[]): BenchOptions {
  const { json, html, smoke, help, only, seed, directory, sustain } = parse(args);
  for (const name of only) {
    if (!suites.includes(name)) throw new UsageError(`there is no suite '${name}'; there are ${suites.join(', ')}`);
  }
  if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed takes a whole number of up to nine digits, not '${seed}'`);
  if (sustain !== undefined && !/^[1-9]\d{0,5}$/.test(sustain)) {
    throw new UsageError(`--sustain takes whole seconds, not '${sustain}'`);
  }
  if (html !== undefined && !isDirectory(dirname(html)))
    throw new UsageError(`--html: ${dirname(html)} is no directory`);
  if (!isDirectory(directory)) throw new UsageError(`--directory: ${directory} is no directory`);
  const sustainedSeconds = sustain === undefined ? null : Number(sustain);
  return {
    json,
    html: html ?? null,
    smoke,
    help,
    only,
    seed: Number(seed),
    directory: realpathSync(directory),
    sustainedSeconds,
  };
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        html: { type: 'string' },
        smoke: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        seed: { type: 'string', default: '1' },
        sustain: { type: 'string' },
        directory: { type: 'string', default: tmpdir() },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
