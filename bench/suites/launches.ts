import type { Pool } from 'undici';
import { assert } from '../../src/core/assert.ts';
import { limits } from '../../src/core/limits.ts';
import { startConstantServer } from '../baselines/constant-server.ts';
import { ShellSlots } from '../baselines/shell-slots.ts';
import { atLeast, ratioReading } from '../frame/reading.ts';
import type { Scope } from '../frame/scope.ts';
import type { Case, Suite } from '../frame/suite.ts';
import { closedLoop } from '../support/closed-loop.ts';
import { runDueJobs } from '../support/due-jobs.ts';
import { ask, openPool } from '../support/http.ts';
import { clientConnections } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';

const command = '/usr/bin/true';

export const launchesSuite: Suite = {
  name: 'launches',
  about: 'jobs due at one instant, until the last has ended, against nothing but their work',
  async open(scope, effort) {
    const node = openPool(scope, (await NodeProcess.start(scope)).url, clientConnections);
    const { url } = await startConstantServer(scope, [{ path: '/', status: '200 OK', headers: [], body: 'done' }]);
    return [shellCase(scope, node, effort.amount(4_000, 20)), httpCase(scope, node, url, effort.amount(10_000, 20))];
  },
};

function shellCase(scope: Scope, node: Pool, count: number): Case {
  const slots = new ShellSlots(scope, limits.shellSlots);
  const work = { executor: 'shell', executor_config: { command } };
  return {
    type: 'case',
    name: `${count} shell jobs`,
    unit: 'launches',
    ours: { name: 'node', run: () => runDueJobs(node, count, work) },
    baselines: [
      {
        name: `${limits.shellSlots} pre-forked shells`,
        run: () =>
          closedLoop(limits.shellSlots, count, async () => {
            const { exitCode, stdout, stderr } = await slots.run(command);
            assert(exitCode === 0 && stdout === '' && stderr === '', 'a job succeeds silently');
          }),
      },
    ],
    judge: (_ours, [raw]) => [ratioReading('rate ÷ raw', raw?.ratio, 0.6)],
  };
}

function httpCase(scope: Scope, node: Pool, target: string, count: number): Case {
  // As many connections as the executor may have to one host.
  const client = openPool(scope, target, limits.httpConnectionsPerHost);
  const work = { executor: 'http', executor_config: { method: 'GET', url: `${target}/` } };
  return {
    type: 'case',
    name: `${count} http jobs`,
    unit: 'launches',
    ours: { name: 'node', run: () => runDueJobs(node, count, work) },
    baselines: [
      {
        name: `undici Pool, ${limits.httpConnectionsPerHost} connections`,
        run: () =>
          closedLoop(limits.httpConnectionsPerHost, count, async () => {
            const { body } = await ask(client, { method: 'GET', path: '/', status: 200 });
            assert(body === 'done', 'the target answers');
          }),
      },
    ],
    judge: ({ perSecond }, [raw]) => [
      { what: 'rate', unit: 'per second', ours: perSecond, baseline: null, target: atLeast(8_000, '') },
      ratioReading('rate ÷ raw', raw?.ratio, 0.25),
    ],
  };
}
