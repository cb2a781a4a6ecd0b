import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateAudit } from '../../actors/cluster/state/state-audit.ts';
import { applyCommand } from '../../src/core/jobs/apply.ts';
import type { Command } from '../../src/core/jobs/commands.ts';
import { Ledger } from '../../src/core/jobs/ledger.ts';
import { epoch, jobName, logIndex, nodeName, wallMs, wallNs } from '../../src/core/units.ts';
import { RecordSum, type StateHash } from '../../src/wire/state-hash.ts';
import { isHashedKey, tableKey } from '../../src/wire/state-keys.ts';
import { StateReader } from '../../src/wire/state-reader.ts';
import { stateWrites } from '../../src/wire/state-writes.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { NODE, submitted, T0 } from '../support/state-harness.ts';

const name = fc.constantFrom('a', 'a-child', 'b', 'c').map(jobName);
const ms = fc.integer({ min: 0, max: 60_000 }).map((after) => wallMs(T0 + after));
const ns = ms.map((at) => wallNs(BigInt(at) * 1_000_000n));
const targets = fc.constant([{ node: nodeName('n0'), epoch: epoch(1) }]);

/** Ends what runs: the commands before it decide what that is. */
interface FinishAll {
  readonly type: 'finishAll';
  readonly outcome: 'success' | 'failed';
}

const step: fc.Arbitrary<Command | FinishAll> = fc.oneof(
  fc.record({
    type: fc.constant('setJob' as const),
    nowMs: ms,
    job: fc
      .tuple(name, fc.nat({ max: 2 }))
      .map(([job, retries]) =>
        submitted(job, { retries, metadata: { team: String(retries) }, parentJob: job === 'a-child' ? 'a' : '' }),
      ),
    next: fc.constant(null),
  }),
  fc.record({ type: fc.constantFrom('deleteJob' as const, 'deleteExecutions' as const), name }),
  fc.record({
    type: fc.constant('setDisabled' as const),
    nowMs: ms,
    name,
    disabled: fc.boolean(),
    next: fc.constant(null),
  }),
  fc.record({ type: fc.constant('run' as const), nowNs: ns, name, targets }),
  fc.record({
    type: fc.constant('launch' as const),
    nowNs: ns,
    items: fc.array(
      fc.record({ name, scheduleRevision: fc.constantFrom(1, 2), scheduledAtMs: ms, targets, next: fc.constant(null) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  }),
  fc.record({
    type: fc.constant('finishAll' as const),
    outcome: fc.constantFrom('success' as const, 'failed' as const),
  }),
);

/** A server that applies commands in batches, and reads its store `scanned` records at a time between them. */
class Server {
  readonly store = new MemoryStore();
  readonly reader = new StateReader(this.store);
  readonly audit = new StateAudit(this.store, logIndex(0));
  readonly #ledger = new Ledger(this.reader);
  #index = 0;

  apply(batch: readonly Command[], scanned: number): void {
    for (const command of batch) {
      this.#index += 1;
      const origin = { node: NODE, actor: 'api', epoch: 1, sequence: this.#index };
      applyCommand(this.#ledger, logIndex(this.#index), origin, command, []);
    }
    const writes = stateWrites(this.#ledger.drain(), logIndex(this.#index));
    const record = this.audit.stage(writes, null);
    this.store.commit(record === null ? writes : [...writes, record], () => this.audit.written());
    this.store.settle();
    if (scanned > 0) expect(this.audit.scanOn(scanned)).toBeNull();
  }

  /** What the hash has to be: of all records, read at once. */
  read(): StateHash {
    const sum = new RecordSum();
    this.store.range({ from: null, to: null }, (key, value) => {
      if (isHashedKey(key)) sum.add(key, value);
      return true;
    });
    return sum.hash;
  }

  command(step: Command | FinishAll): Command {
    if (step.type !== 'finishAll') return step;
    const items: Extract<Command, { type: 'finish' }>['items'][number][] = [];
    this.reader.eachOpenExecution(({ job, stamp, node, startedAtNs }) => {
      const common = { job, stamp, node, startedAtNs, finishedAtNs: startedAtNs, droppedBytes: 0 };
      items.push({ ...common, outcome: step.outcome, output: new Uint8Array(3), retryAtMs: T0 });
    });
    return { type: 'finish', nowNs: wallNs(BigInt(T0) * 1_000_000n), items };
  }
}

describe("the state's hash", () => {
  it('is that of all records after each batch, however commands are batched and while the store is read', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat({ max: 7 }), fc.nat({ max: 5 }), (steps, size, scanned) => {
        const first = new Server();
        const commands: Command[] = [];
        for (const each of steps) {
          const command = first.command(each);
          commands.push(command);
          first.apply([command], scanned);
          expect(first.audit.hash).toEqual(first.read());
        }
        const second = new Server();
        for (let at = 0; at < commands.length; at += size + 1) second.apply(commands.slice(at, at + size + 1), 0);
        expect(second.audit.hash).toEqual(first.audit.hash);
        expect(second.read()).toEqual(first.read());
      }),
      { numRuns: 200 },
    );
  });

  it('tells states apart that differ in one bit of any record, which reading the store finds', () => {
    const server = new Server();
    for (const job of ['a', 'b']) {
      server.apply([{ type: 'setJob', nowMs: T0, job: submitted(job), next: null }], 0);
      const run: Command = {
        type: 'run',
        nowNs: wallNs(1n),
        name: jobName(job),
        targets: [{ node: NODE, epoch: epoch(1) }],
      };
      server.apply([run], 0);
    }
    server.apply([server.command({ type: 'finishAll', outcome: 'failed' })], 0);
    const records: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
    server.store.range({ from: null, to: null }, (key, value) => {
      if (isHashedKey(key)) records.push({ key, value });
      return true;
    });
    expect(records.length).toBeGreaterThan(8);
    for (const { key, value } of records) {
      for (let bit = 0; bit < value.length * 8; bit += 5) {
        const damaged = value.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const before = server.read();
        const sum = new RecordSum(before);
        sum.remove(key, value);
        sum.add(key, damaged);
        expect(sum.hash.first).not.toBe(before.first);
        expect(sum.hash.second).not.toBe(before.second);
      }
      const audit = new StateAudit(server.store, logIndex(5));
      write(server.store, key, null);
      expect(audit.scanOn()).toMatch(/holds records with the hash [0-9a-f]{16}, but [0-9a-f]{16} was written/);
      write(server.store, key, value);
      expect(new StateAudit(server.store, logIndex(5)).scanOn()).toBeNull();
    }
  });

  it('never changes its meaning', () => {
    const sum = new RecordSum();
    sum.add(tableKey('jobs', 'a job'), Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
    expect(sum.hash).toEqual({ first: 2_378_363_026, second: 3_158_309_768 });
  });
});

function write(store: MemoryStore, key: Uint8Array, value: Uint8Array | null): void {
  store.commit([{ key, value }], () => undefined);
  store.settle();
}
