import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Deaths of threads on request, for tests of a compiled node (docs/hacking.md). Nothing happens unless whoever starts the
 * process names a directory in `CARILLON_TEST_FAULTS`. A file there, called as an actor and holding the name of a fault,
 * strikes that actor once; `hang-ms` there replaces what the supervision tree says of each watched thread.
 */
const directory = (): string | undefined => process.env.CARILLON_TEST_FAULTS;

const lookEveryMs = 10;

const faults: Readonly<Record<string, () => void>> = {
  throw: () => {
    throw new Error('thrown by a test');
  },
  exit: () => process.exit(7),
  memory: () => {
    const hoard: unknown[] = [];
    for (;;) hoard.push(new Array(10_000).fill(hoard.length));
  },
  loop: () => {
    for (;;);
  },
};

/** Called on the thread of the actor. */
export function armTestFaults(actor: string): void {
  const folder = directory();
  if (folder === undefined) return;
  const file = join(folder, actor);
  const look = (): void => {
    if (!existsSync(file)) return;
    const fault = faults[readFileSync(file, 'utf8').trim()];
    // Half written: it is looked at again.
    if (fault === undefined) return;
    rmSync(file);
    fault();
  };
  setInterval(look, lookEveryMs).unref();
}

/** For how long a thread may be silent. */
export function watchedMs(hangMs: number | undefined): number | undefined {
  const folder = directory();
  if (folder === undefined || hangMs === undefined) return hangMs;
  const file = join(folder, 'hang-ms');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : hangMs;
}
