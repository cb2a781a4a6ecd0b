import { applyCommand } from '../../src/core/jobs/apply.ts';
import type { Change } from '../../src/core/jobs/changes.ts';
import type { Command, CommandResult, FinishItem, Origin } from '../../src/core/jobs/commands.ts';
import { Ledger } from '../../src/core/jobs/ledger.ts';
import type { ExecutionRecord, JobRecord, SubmittedJob } from '../../src/core/jobs/records.ts';
import {
  EPOCH_INSTANT,
  epoch,
  type Instant,
  jobName,
  logIndex,
  nodeName,
  type WallMs,
  wallMs,
  wallNs,
  ZERO_INSTANT,
} from '../../src/core/units.ts';
import { decodeEntry, encodeEntry } from '../../src/wire/entries.ts';
import { StateReader } from '../../src/wire/state-reader.ts';
import { stateWrites } from '../../src/wire/state-writes.ts';
import { MemoryStore } from './memory-store.ts';

export const NODE = nodeName('n0');
export const T0 = wallMs(1_705_314_030_000);

/** A job as a client would submit it, with the fields given. */
export function submitted(name: string, fields: Partial<SubmittedJob> = {}): SubmittedJob {
  return {
    id: '',
    name: jobName(name),
    displayname: '',
    timezone: '',
    schedule: '@every 10s',
    owner: '',
    ownerEmail: '',
    successCount: 0,
    errorCount: 0,
    lastSuccess: null,
    lastError: null,
    disabled: false,
    tags: null,
    metadata: null,
    retries: 0,
    dependentJobs: null,
    parentJob: '',
    processors: null,
    concurrency: 'allow',
    executor: 'shell',
    executorConfig: { command: 'true' },
    status: '',
    next: ZERO_INSTANT,
    ephemeral: false,
    startsAt: null,
    expiresAt: null,
    catchup: null,
    onLost: null,
    queueLimit: null,
    maxExecutions: null,
    retry: null,
    retention: null,
    ...fields,
  };
}

/** Ended 5 ms after its start; a retry would be due a second from now. */
function finishItem(
  record: ExecutionRecord,
  outcome: FinishItem['outcome'],
  output: string,
  nowMs: WallMs,
): FinishItem {
  return {
    job: record.job,
    stamp: record.stamp,
    node: record.node,
    startedAtNs: record.startedAtNs,
    finishedAtNs: wallNs(record.startedAtNs + 5_000_000n),
    outcome,
    output: new TextEncoder().encode(output),
    droppedBytes: 0,
    retryAtMs: wallMs(nowMs + 1_000),
  };
}

/** The state machine over a store in memory: each command goes through the log's codec and is committed at once. */
export class StateHarness {
  readonly store = new MemoryStore();
  readonly reader = new StateReader(this.store);
  readonly changes: Change[] = [];
  nowMs: WallMs = T0;
  #ledger = new Ledger(this.reader);
  #index = 0;
  #sequence = 0;

  apply(command: Command, origin?: Origin): CommandResult {
    this.#sequence += 1;
    const sent = encodeEntry(origin ?? { node: NODE, actor: 'api', epoch: 1, sequence: this.#sequence }, command);
    const entry = decodeEntry(sent);
    this.#index += 1;
    const index = logIndex(this.#index);
    const result = applyCommand(this.#ledger, index, entry.origin, entry.command, this.changes);
    this.store.commit(stateWrites(this.#ledger.drain(), index), (error) => {
      if (error !== null) throw error;
    });
    this.store.settle();
    return result;
  }

  /** Forgets what is in memory, as a restart does. */
  restart(): void {
    this.#ledger = new Ledger(this.reader);
  }

  setJob(name: string, fields: Partial<SubmittedJob> = {}, next: Instant | null = EPOCH_INSTANT): CommandResult {
    return this.apply({ type: 'setJob', nowMs: this.nowMs, job: submitted(name, fields), next });
  }

  /** A scheduled launch at `afterMs` after the harness's clock, planned under the current revision. */
  launch(name: string, afterMs: number, nodes: readonly string[] = ['n0']): CommandResult {
    const scheduledAtMs = wallMs(this.nowMs + afterMs);
    return this.apply({
      type: 'launch',
      nowNs: wallNs(BigInt(scheduledAtMs) * 1_000_000n),
      items: [
        {
          name: jobName(name),
          scheduleRevision: this.job(name).scheduleRevision,
          scheduledAtMs,
          targets: nodes.map((node) => ({ node: nodeName(node), epoch: epoch(1) })),
          next: null,
        },
      ],
    });
  }

  run(name: string, nodes: readonly string[] = ['n0']): CommandResult {
    return this.apply({
      type: 'run',
      nowNs: wallNs(BigInt(this.nowMs) * 1_000_000n),
      name: jobName(name),
      targets: nodes.map((node) => ({ node: nodeName(node), epoch: epoch(1) })),
    });
  }

  finish(record: ExecutionRecord, outcome: FinishItem['outcome'], output = ''): CommandResult {
    return this.apply({
      type: 'finish',
      nowNs: wallNs(BigInt(this.nowMs) * 1_000_000n),
      items: [finishItem(record, outcome, output, this.nowMs)],
    });
  }

  /** One launch on so many nodes, to its end. */
  runOnMany(name: string, count: number): void {
    this.nowMs = wallMs(this.nowMs + 1_000);
    this.launch(
      name,
      0,
      Array.from({ length: count }, (_, index) => `n${index}`),
    );
    const items = this.running(name).map((record) => finishItem(record, 'success', 'out', this.nowMs));
    this.apply({ type: 'finish', nowNs: wallNs(BigInt(this.nowMs) * 1_000_000n), items });
  }

  /** Gives all unplaced work the targets. */
  assignAll(nodes: readonly string[] = ['n0']): number {
    const items: Extract<Command, { type: 'assign' }>['items'][number][] = [];
    const targets = nodes.map((node) => ({ node: nodeName(node), epoch: epoch(1) }));
    this.reader.eachWork((work) => items.push({ job: work.job, stamp: work.stamp, targets }));
    if (items.length > 0) this.apply({ type: 'assign', nowNs: wallNs(BigInt(this.nowMs) * 1_000_000n), items });
    return items.length;
  }

  job(name: string): JobRecord {
    const job = this.reader.job(name);
    if (job === undefined) throw new Error(`no job ${name}`);
    return job;
  }

  executions(name: string): readonly ExecutionRecord[] {
    return this.reader.executions(jobName(name));
  }

  running(name: string): ExecutionRecord[] {
    return this.executions(name).filter((record) => record.outcome === 'running');
  }

  changesOf<Type extends Change['type']>(type: Type): Extract<Change, { type: Type }>[] {
    return this.changes.filter((change): change is Extract<Change, { type: Type }> => change.type === type);
  }
}
