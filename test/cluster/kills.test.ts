import { describe, expect, it } from 'vitest';
import { runEpisode } from './support/kills/episode.ts';

/**
 * `kill -9` at moments drawn from a seed, while jobs run. `npm run kills -- --times 100` does it for long, with 200
 * starts each second.
 */
const times = Number(process.env.KILLS_TIMES ?? '3');
const perSecond = Number(process.env.KILLS_PER_SECOND ?? '25');
const firstSeed = Number(process.env.KILLS_SEED ?? '1');
const killsPerEpisode = 10;

describe.runIf(process.platform === 'linux')('a node that is killed again and again', () => {
  const total = new Map<string, number>();

  it('keeps its promises, seen from outside', { timeout: 600_000 + times * 60_000 }, async () => {
    for (let seed = firstSeed, left = times; left > 0; seed += 1) {
      const { wrong, counts } = await runEpisode({ seed, kills: Math.min(left, killsPerEpisode), perSecond });
      left -= counts.kills ?? left;
      for (const [what, count] of Object.entries(counts)) total.set(what, (total.get(what) ?? 0) + count);
      if (process.env.KILLS_TIMES !== undefined) console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
      expect(wrong.slice(0, 50), `npm run kills -- --seed ${seed} --times ${counts.kills}`).toEqual([]);
    }
  });

  it('had something to judge', () => {
    for (const what of ['starts', 'executions', 'writes acknowledged', 'reads compared']) {
      expect(total.get(what), what).toBeGreaterThan(0);
    }
  });
});
