import { describe, expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { HeavyCampaign, type HeavyCase, type HeavyOptions } from './support/load/heavy.ts';

/** What one job may do to its node, and to the others. `npm run heavy` does it at full size, and prints what it saw. */
const small: HeavyOptions = { outputBytes: 300_000_000, runsInARow: 300, dueAtOnce: 200, beats: 5 };
const asked = process.env.HEAVY;
const options: HeavyOptions = asked === undefined ? small : JSON.parse(asked);
/** Far below what a node would take that kept any of it: the output, the runs, the processes. */
const mostGrowthMiB = 200;

function print(one: HeavyCase): void {
  const { what, seconds, memoryBeforeMiB, memoryMostMiB, memoryAfterMiB, zombies, beats, loadAverage, told } = one;
  console.log(
    `${what}: ${told} in ${seconds.toFixed(1)} s; memory ${memoryBeforeMiB} MiB before, ${memoryMostMiB} at most, ${memoryAfterMiB} after; ` +
      `${zombies} zombies; of the others ${beats.started} started, ${beats.missed} missed, late by p50 ${beats.p50Ms} ms, ` +
      `most ${beats.mostMs} ms; load average ${loadAverage.toFixed(1)}`,
  );
}

describe.runIf(process.platform === 'linux')('jobs that ask much of their node', () => {
  it('cost it bounded memory, leave no zombies, and keep no other job from starting', {
    timeout: 1_800_000,
  }, async () => {
    await withNode({}, async (node) => {
      const campaign = new HeavyCampaign(node, options);
      const cases: HeavyCase[] = [];
      try {
        await campaign.run((one) => {
          cases.push(one);
          if (asked !== undefined) print(one);
        });
      } finally {
        campaign.close();
      }
      const { outputBytes, runsInARow, dueAtOnce } = options;
      expect(cases.map(({ told }) => told.replace(/, the last .*/, ''))).toEqual([
        '',
        `success, 256000 of ${outputBytes} bytes kept`,
        `${runsInARow} of ${runsInARow} succeeded`,
        'success, the grandchild went on',
        `${dueAtOnce} of ${dueAtOnce} started, ${dueAtOnce} times`,
      ]);
      for (const { what, zombies, beats, memoryBeforeMiB, memoryMostMiB } of cases) {
        expect([zombies, beats.missed], what).toEqual([0, 0]);
        expect(memoryMostMiB - memoryBeforeMiB, `growth of memory: ${what}`).toBeLessThan(mostGrowthMiB);
      }
    });
  });
});
