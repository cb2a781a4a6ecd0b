import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** Where figures come from: without this they mean nothing. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Of the directory in which the suites write. */
  readonly fileSystem: string;
  /** Of the last minute, five and fifteen, before the run: above zero, others use the machine too. */
  readonly loadBefore: readonly number[];
}

export function describeMachine(directory: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    fileSystem: fileSystemOf(directory),
    loadBefore: loadavg().map(roundLoad),
  };
}

/** Load average of the last minute. */
export const currentLoad = (): number => roundLoad(loadavg()[0] ?? 0);

const roundLoad = (load: number): number => Math.round(load * 100) / 100;

/** Type of the mount that holds the directory; `unknown` where the system doesn't say. */
function fileSystemOf(directory: string): string {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
    const holding = mounts.filter(([, point = '']) =>
      `${directory}/`.startsWith(point.endsWith('/') ? point : `${point}/`),
    );
    // The longest mount point is the nearest; of equal ones the last hides the others.
    const nearest = holding.reduce<readonly string[]>(
      (a, b) => ((b[1]?.length ?? 0) >= (a[1]?.length ?? 0) ? b : a),
      [],
    );
    return nearest[2] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
