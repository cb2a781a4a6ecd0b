import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { executorActor } from '../../actors/work/executor/actor.ts';
import type { ExecutorCommand, ExecutorEvent } from '../../actors/work/executor/protocol.ts';
import { openAppendFiles } from '../../src/adapters/append-files.ts';
import { lmdbStores } from '../../src/adapters/lmdb-store.ts';
import { type Epoch, executionId, jobName, nodeName, stamp, term, wallMs, wallNs } from '../../src/core/units.ts';
import { createHttpExecutor } from '../../src/executors/http/executor.ts';
import { localRef } from '../../src/runtime/types.ts';
import { ActorHarness } from '../support/fake-context.ts';

const node = nodeName('n0');
const dispatcher = localRef<ExecutorEvent>('dispatcher');
let folder: string;
let server: Server;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-executor-'));
  server = createServer((_request, response) => response.end('pong'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

class Life {
  readonly harness = new ActorHarness<ExecutorCommand>('executor');

  static async begin(): Promise<Life> {
    const life = new Life();
    life.harness.start(
      executorActor,
      { nodeName: node, outputLimitBytes: 1_000, maxExecutions: 0, stopGraceMs: 1_000, drainMs: 1_000 },
      {
        store: lmdbStores(folder),
        openFiles: () => openAppendFiles(join(folder, 'work')),
        executors: new Map([['http', createHttpExecutor({ version: '0' })]]),
        bootId: 'boot',
      },
    );
    await life.harness.until(() => life.harness.isReady);
    life.harness.deliver({ type: 'attach', term: term(1), dispatcher });
    return life;
  }

  get events(): ExecutorEvent[] {
    return this.harness.messages<ExecutorEvent>('dispatcher').filter(({ type }) => type !== 'leaseRenewal');
  }

  get epoch(): Epoch {
    return this.harness.messages<{ readonly epoch: Epoch }>('membership')[0]!.epoch;
  }

  until(type: ExecutorEvent['type'], count = 1): Promise<void> {
    return this.harness.until(() => this.events.filter((event) => event.type === type).length === count);
  }
}

const idOf = (number: number) => executionId(stamp(1_700_000_000_000_000_000n + BigInt(number)), node);

const start = (number: number, life: Epoch): ExecutorCommand => ({
  type: 'start',
  term: term(1),
  start: {
    id: idOf(number),
    job: jobName('job1'),
    stamp: stamp(1_700_000_000_000_000_000n + BigInt(number)),
    node,
    epoch: life,
    group: stamp(1n),
    attempt: 1,
    scheduledAtMs: wallMs(0),
    cause: 'manual',
    assignedAtNs: wallNs(0n),
    executor: 'http',
    executorConfig: { method: 'GET', url },
    processors: null,
    retries: 0,
    retry: null,
    exclusive: false,
    stop: null,
  },
});

it('keeps its journal on disk: ends that were not committed are told in the next life, the others are not', async () => {
  const first = await Life.begin();
  for (const number of [1, 2, 3]) first.harness.deliver(start(number, first.epoch));
  await first.until('executionFinished', 3);
  first.harness.deliver({ type: 'committed', ids: [idOf(2)] });
  await first.harness.stop();

  const second = await Life.begin();
  expect(second.epoch).toBeGreaterThan(first.epoch);
  const [report, ...ends] = second.events;
  expect(report).toMatchObject({ sameBoot: true, running: [], finished: [idOf(1), idOf(3)], interrupted: [] });
  expect(ends).toHaveLength(2);
  for (const end of ends) {
    expect(end).toMatchObject({ type: 'executionFinished', success: true });
    expect(end.type === 'executionFinished' && Buffer.from(end.output).toString()).toBe('pong');
  }
  await second.harness.stop();
});
