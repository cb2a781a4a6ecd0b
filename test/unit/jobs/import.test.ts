import { expect, it } from 'vitest';
import { applyCommand } from '../../../src/core/jobs/apply.ts';
import type { Command } from '../../../src/core/jobs/commands.ts';
import { Ledger } from '../../../src/core/jobs/ledger.ts';
import { epoch, jobName, logIndex, stamp, wallMs, wallNs, wallNsOf } from '../../../src/core/units.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import { stateWrites } from '../../../src/wire/state-writes.ts';
import { backupBytes, restoreBytes } from '../../support/backups.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { NODE, StateHarness, submitted, T0 } from '../../support/state-harness.ts';

const busy = submitted('busy', { schedule: '@every 1s', retention: { count: 4, age: null } });
const at = (seconds: number) => wallMs(T0 + seconds * 1_000);

/** A due time that is launched and ends at once, under the revision of the job's first command. */
function launchAt(seconds: number): readonly Command[] {
  const scheduledAtMs = at(seconds);
  const nowNs = wallNsOf(scheduledAtMs);
  const item = { name: jobName('busy'), scheduleRevision: 1, scheduledAtMs, next: null };
  const execution = { job: jobName('busy'), stamp: stamp(nowNs), node: NODE };
  const times = { startedAtNs: nowNs, finishedAtNs: wallNs(nowNs + 1n), retryAtMs: scheduledAtMs };
  return [
    { type: 'launch', nowNs, items: [{ ...item, targets: [{ node: NODE, epoch: epoch(1) }] }] },
    {
      type: 'finish',
      nowNs,
      items: [{ ...execution, ...times, outcome: 'success', output: new Uint8Array([seconds]), droppedBytes: 0 }],
    },
  ];
}

/** What is in the store after the commands, so many in one batch. */
function contentAfter(commands: readonly Command[], perBatch: number): readonly string[] {
  const store = new MemoryStore();
  const ledger = new Ledger(new StateReader(store));
  commands.forEach((command, place) => {
    const index = logIndex(place + 1);
    applyCommand(ledger, index, { node: NODE, actor: 'api', epoch: 1, sequence: place }, command, []);
    if ((place + 1) % perBatch !== 0 && place + 1 < commands.length) return;
    store.commit(stateWrites(ledger.drain(), index), (error) => expect(error).toBeNull());
    store.settle();
  });
  const content: string[] = [];
  store.range(
    { from: null, to: null },
    (key, value) => content.push(`${Buffer.from(key)} ${Buffer.from(value).toString('hex')}`) > 0,
  );
  return content;
}

it('history that comes back between new launches leaves the same state however commands are batched', () => {
  const elsewhere = new StateHarness();
  elsewhere.apply({ type: 'setJob', nowMs: at(0), job: busy, next: null });
  for (const seconds of [1, 3, 5, 20]) for (const command of launchAt(seconds)) elsewhere.apply(command);
  elsewhere.launch('busy', 30_000, []);
  const imports: Command[] = [];
  restoreBytes(elsewhere, backupBytes(elsewhere), (command) => imports.push(command));
  const [imported] = imports;
  if (imported === undefined) throw new Error('nothing was backed up');
  const commands: readonly Command[] = [
    { type: 'setJob', nowMs: at(0), job: busy, next: null },
    ...[2, 4].flatMap(launchAt),
    imported,
    ...[40, 41].flatMap(launchAt),
    imported,
    ...[42].flatMap(launchAt),
  ];
  const oneByOne = contentAfter(commands, 1);
  for (const perBatch of [2, 3, 5, commands.length]) expect(contentAfter(commands, perBatch)).toEqual(oneByOne);
  // The four newest are kept: 20, 40, 41 and 42.
  expect(oneByOne.filter((entry) => entry.startsWith('\u0003'))).toHaveLength(4);
});
