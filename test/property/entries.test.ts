import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command, Origin } from '../../src/core/jobs/commands.ts';
import { epoch, type Instant, jobName, nodeName, stamp, wallMs, wallNs } from '../../src/core/units.ts';
import { commandCodes, decodeEntry, encodeEntry } from '../../src/wire/entries.ts';
import { DecodeError } from '../../src/wire/msgpack.ts';
import { submitted } from '../support/state-harness.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const name = text.map(jobName);
const instant: fc.Arbitrary<Instant> = fc.tuple(
  fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const next = fc.option(instant);
const ms = fc.integer({ min: 0, max: 4_102_444_800_000 }).map(wallMs);
const ns = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const count = fc.nat();
const map = fc.option(fc.dictionary(text, text, { maxKeys: 4 }));
const targets = fc.array(fc.record({ node: text.map(nodeName), epoch: fc.nat().map(epoch) }), { maxLength: 3 });

const job = fc
  .record({
    displayname: text,
    tags: map,
    metadata: map,
    retries: fc.nat({ max: 2 ** 32 - 1 }),
    processors: fc.option(fc.dictionary(text, fc.dictionary(text, text, { maxKeys: 2 }), { maxKeys: 2 })),
    startsAt: next,
    expiresAt: next,
    successCount: fc.maxSafeInteger(),
    next: instant,
    dependentJobs: fc.option(fc.array(text)),
    catchup: fc.option(
      fc.record({
        policy: fc.constantFrom('skip' as const, 'once' as const, 'all' as const),
        window: text,
        cap: count,
      }),
    ),
    onLost: fc.constantFrom(null, 'record' as const, 'rerun' as const),
    queueLimit: fc.option(count),
    maxExecutions: fc.option(count),
    retry: fc.option(fc.record({ interval: text, backoff: count, maxInterval: text })),
    retention: fc.option(fc.record({ count, age: fc.option(text) })),
  })
  .map((fields) => submitted('job', fields));

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('setJob' as const), nowMs: ms, job, next }),
  fc.record({ type: fc.constantFrom('deleteJob' as const, 'deleteExecutions' as const), name }),
  fc.record({ type: fc.constant('setDisabled' as const), nowMs: ms, name, disabled: fc.boolean(), next }),
  fc.record({
    type: fc.constant('launch' as const),
    nowNs: ns.map(wallNs),
    items: fc.array(fc.record({ name, scheduleRevision: count, scheduledAtMs: ms, targets, next }), {
      maxLength: 3,
    }),
  }),
  fc.record({ type: fc.constant('run' as const), nowNs: ns.map(wallNs), name, targets }),
  fc.record({
    type: fc.constant('missed' as const),
    items: fc.array(fc.record({ name, scheduleRevision: count, fromMs: ms, toMs: ms, count, reason: text, next }), {
      maxLength: 3,
    }),
  }),
  fc.record({
    type: fc.constant('assign' as const),
    nowNs: ns.map(wallNs),
    items: fc.array(fc.record({ job: name, stamp: ns.map(stamp), targets }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('reassign' as const),
    nowNs: ns.map(wallNs),
    items: fc.array(fc.record({ job: name, stamp: ns.map(stamp), node: text.map(nodeName), epoch: count.map(epoch) }), {
      maxLength: 3,
    }),
  }),
  fc.record({
    type: fc.constant('prune' as const),
    items: fc.array(fc.record({ job: name, endedBeforeMs: fc.option(ms) }), { maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('finish' as const),
    nowNs: ns.map(wallNs),
    items: fc.array(
      fc.record({
        job: name,
        stamp: ns.map(stamp),
        node: text.map(nodeName),
        startedAtNs: ns.map(wallNs),
        finishedAtNs: ns.map(wallNs),
        outcome: fc.constantFrom('success' as const, 'failed' as const, 'lost' as const),
        output: fc.uint8Array(),
        droppedBytes: count,
        retryAtMs: ms,
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    type: fc.constant('checkState' as const),
    format: count,
    markedIndex: count,
    first: fc.nat({ max: 2 ** 32 - 1 }),
    second: fc.nat({ max: 2 ** 32 - 1 }),
  }),
  fc.record({
    type: fc.constant('stop' as const),
    nowNs: ns.map(wallNs),
    job: name,
    stamp: ns.map(stamp),
    node: text.map(nodeName),
  }),
);

const execution = fc.record({
  job: name,
  stamp: ns.map(stamp),
  node: text.map(nodeName),
  epoch: count.map(epoch),
  group: ns.map(stamp),
  attempt: count,
  scheduledAtMs: ms,
  cause: fc.constantFrom('schedule' as const, 'manual' as const, 'parent' as const),
  startedAtNs: ns.map(wallNs),
  finishedAtNs: ns.map(wallNs),
  outcome: fc.constantFrom('success' as const, 'failed' as const, 'lost' as const),
  outputBytes: count,
  droppedBytes: count,
  late: fc.constantFrom(null, 'success' as const, 'failed' as const),
  stop: fc.constantFrom(null, 'request' as const, 'replaced' as const),
  wiped: fc.boolean(),
});
const note = fc.record({
  job: name,
  kind: fc.constantFrom('missed' as const, 'skipped' as const),
  fromMs: ms,
  toMs: ms,
  count,
  reason: text,
});
const importItem = fc.oneof(
  fc.record({
    type: fc.constant('job' as const),
    job,
    effectiveFromMs: ms,
    anchorMs: ms,
    highWaterMs: ms,
    quarantine: fc.option(text),
  }),
  fc.record({ type: fc.constant('execution' as const), record: execution, output: fc.uint8Array() }),
  fc.record({ type: fc.constant('note' as const), stamp: ns.map(stamp), note }),
);
const imports = fc.record({
  type: fc.constant('import' as const),
  nowMs: ms,
  lastStamp: ns.map(stamp),
  items: fc.array(importItem, { maxLength: 4 }),
});

const origin: Origin = { node: nodeName('n0'), actor: 'api', epoch: 1_795_244_818_539_147, sequence: 2 ** 31 };

describe('log entries', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: command }, { weight: 2, arbitrary: imports }), (sent) => {
        const entry = decodeEntry(encodeEntry(origin, sent));
        expect(entry.origin).toEqual(origin);
        expect(entry.command).toEqual(sent);
      }),
    );
  });

  it('are the same bytes for the same command', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: command }, { weight: 2, arbitrary: imports }), (sent) => {
        expect(encodeEntry(origin, structuredClone(sent))).toEqual(encodeEntry(origin, sent));
      }),
    );
  });

  it('are refused, not misread and no crash, when bytes are broken', () => {
    fc.assert(
      fc.property(
        fc.oneof({ weight: 9, arbitrary: command }, { weight: 2, arbitrary: imports }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (sent, position, flip) => {
          const bytes = encodeEntry(origin, sent);
          const at = position % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ flip;
          try {
            decodeEntry(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
    );
  });

  it('never change the meaning of a code', () => {
    expect(commandCodes).toEqual({
      setJob: 1,
      deleteJob: 2,
      setDisabled: 3,
      deleteExecutions: 4,
      launch: 5,
      run: 6,
      missed: 7,
      assign: 8,
      reassign: 9,
      finish: 10,
      checkState: 11,
      prune: 12,
      import: 13,
      stop: 14,
    });
  });
});
