import { describe, expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { measureOverload, type OverloadOptions, type Phase } from './support/load/overload.ts';

/**
 * Launches beside a load that the API is not made for. `npm run overload` does it at full size, and prints how late the
 * starts were; here nothing is said about time.
 */
/** More than any machine takes. */
const smallTimes = 200;
const small: OverloadOptions = {
  times: [smallTimes],
  webSockets: 200,
  deafWebSockets: 20,
  slowWriters: 20,
  slowReaders: 2,
  listenTo: 'all',
  seconds: 2,
  duePerSecond: 20,
};
const asked = process.env.OVERLOAD;
const options: OverloadOptions = asked === undefined ? small : JSON.parse(asked);

function print({ what, lateness, counts, seconds, memoryMiB, loadAverage }: Phase): void {
  const { due, started, p50Ms, p99Ms, mostMs } = lateness;
  console.log(
    `${what}: ${started} of ${due} started, late by p50 ${p50Ms} ms, p99 ${p99Ms} ms, most ${mostMs} ms; ` +
      `memory ${memoryMiB} MiB, load average ${loadAverage.toFixed(1)}; in ${seconds.toFixed(0)} s ${JSON.stringify(counts)}`,
  );
}

describe.runIf(process.platform === 'linux')('a node whose API gets more than it can take', () => {
  it('launches all that is due, and refuses what is too much', { timeout: 900_000 }, async () => {
    await withNode({}, async (node) => {
      const phases = await measureOverload(node, options, asked === undefined ? () => undefined : print);
      for (const { what, lateness, counts } of phases) {
        expect(lateness, what).toMatchObject({ started: lateness.due, doubled: 0 });
        expect(counts['refused without Retry-After'], what).toBeUndefined();
      }
      const loaded = phases.find(({ what }) => what.startsWith(`${smallTimes} x`));
      const { 'POST 503': posts = 0, 'GET 503': gets = 0 } = loaded?.counts ?? {};
      if (asked === undefined) expect(posts + gets).toBeGreaterThan(0);
      expect((await node.request({ method: 'GET', path: '/v1/jobs/read-0' })).status).toBe(200);
    });
  });
});
