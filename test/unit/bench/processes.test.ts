import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { memoryOf, processorSeconds } from '../../../bench/support/processes.ts';

describe.skipIf(process.platform !== 'linux')('accounts of processes', () => {
  it('hold what children used that have ended', async () => {
    const before = processorSeconds([process.pid]);
    const burn =
      'const until = performance.now() + 1e9; while (process.cpuUsage().user < 3e5 && performance.now() < until);';
    await once(spawn(process.execPath, ['-e', burn], { stdio: 'ignore' }), 'close');
    expect(processorSeconds([process.pid]) - before).toBeGreaterThan(0.28);
  });

  it('tell the memory of this process: its own is a part of it', () => {
    const { anonymousMegabytes, residentMegabytes } = memoryOf(process.pid);
    expect(anonymousMegabytes).toBeGreaterThan(5);
    expect(residentMegabytes).toBeGreaterThan(anonymousMegabytes);
    expect(residentMegabytes).toBeCloseTo(process.memoryUsage.rss() / 1e6, -2);
  });
});
