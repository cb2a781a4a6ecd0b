import { AssertionFailed, assert, assertNever } from '../../../src/core/assert.ts';
import { limits } from '../../../src/core/limits.ts';
import { voterId } from '../../../src/core/raft/entry.ts';
import type { Leadership, RaftEffect, RaftInput } from '../../../src/core/raft/io.ts';
import { RaftCore } from '../../../src/core/raft/raft-core.ts';
import { type LogIndex, logIndex, type NodeName } from '../../../src/core/units.ts';
import { type Store, StoreFull, type StorePort } from '../../../src/runtime/ports.ts';
import type { Actor, ActorDefinition, Context, Ref } from '../../../src/runtime/types.ts';
import { encodeIdentity, LogDamaged, type LogIdentity, logKeys, randomId } from '../../../src/wire/log-records.ts';
import { exitCodes } from '../../exit-codes.ts';
import { AppendQueue, type Compaction, type LogCommit } from './append-queue.ts';
import { readBack, readLog } from './disk.ts';
import { Feed } from './feed.ts';
import { type Proposal, Proposals } from './proposals.ts';
import type { LeadershipEvent, LogCommand, LogRefusal } from './protocol.ts';
import { raftConfig } from './raft-config.ts';

export interface LogConfig {
  readonly nodeName: NodeName;
  /** A new disk founds a cluster of this one voter. Without it, a new disk waits to be taken into one. */
  readonly bootstrap: boolean;
}

export interface LogPorts {
  readonly store: StorePort;
}

const TIMER = 'raft';

type OmitNow<Input> = Input extends RaftInput ? Omit<Input, 'now'> : never;

/** The shell of Raft: performs what the core decides, batches proposals and flushes, feeds the state. */
class LogActor implements Actor<LogCommand> {
  readonly #context: Context<LogCommand>;
  readonly #config: LogConfig;
  readonly #store: Store;
  readonly #identity: LogIdentity;
  readonly #core: RaftCore;
  readonly #queue: AppendQueue;
  readonly #proposals = new Proposals();
  readonly #watchers = new Map<string, Ref<LeadershipEvent>>();
  #feed: Feed | null = null;
  /** The state would ask for what follows this, if the machine crashed now. */
  #durableState: LogIndex = logIndex(0);
  #whenStopped: (() => void) | null = null;
  /** The last commit found no space: said once, not at each try. */
  #isFull = false;
  /** The node is being stopped for a fault: nothing more is done or said. */
  #isHalted = false;

  constructor(context: Context<LogCommand>, config: LogConfig, store: Store) {
    this.#context = context;
    this.#config = config;
    this.#store = store;
    this.#queue = new AppendQueue(store);
    const { identity, hardState, log } = readLog(store);
    this.#identity = this.#settleIdentity(identity);
    this.#core = new RaftCore({
      self: this.#identity.storeId,
      voters: this.#identity.cluster?.voters ?? [],
      config: raftConfig,
      random: context.random,
      now: context.monoNow(),
      hardState,
      log,
    });
    this.#step({ type: 'tick' });
    this.endOfBatch();
  }

  receive(message: LogCommand): void {
    if (this.#isHalted) return;
    switch (message.type) {
      case 'propose':
        if (message.entry.length > limits.bytesPerAppend) this.#refuse(message, 'too_large');
        else this.#proposals.gather(message);
        return;
      case 'follow':
        this.#follow(message.after, new Feed(message.follower, message.after));
        return;
      case 'applied':
        this.#feed?.applied(message.index);
        this.#durableState = message.durable;
        this.#step({ type: 'applied', index: message.index });
        return;
      case 'watchLeadership':
        this.#watchers.set(`${message.watcher.node ?? ''}/${message.watcher.actor}`, message.watcher);
        this.#context.send(message.watcher, this.#leadershipEvent(this.#core.leadership));
        return;
      default:
        assertNever(message);
    }
  }

  timer(): void {
    if (!this.#isHalted) this.#step({ type: 'tick' });
  }

  endOfBatch(): void {
    if (!this.#isHalted) {
      if (this.#proposals.hasRefusable && this.#isOnReserve()) this.#refuseForReserve();
      for (const slice of this.#proposals.takeSlices()) this.#propose(slice);
      this.#queue.startNext(this.#compaction(), (error) => this.#context.enter(() => this.#flushed(error)));
      this.#pump();
      this.#arm();
    }
    const isDone = this.#isHalted ? !this.#queue.isFlushing : this.#queue.isIdle;
    if (this.#whenStopped !== null && isDone) this.#whenStopped();
  }

  /** What is on its way to the disk gets there first. */
  stop(done: () => void): void {
    this.#whenStopped = () => {
      this.#whenStopped = null;
      this.#isHalted = true;
      this.#store.close();
      done();
    };
    this.endOfBatch();
  }

  check(): void {
    this.#core.check();
    this.#feed?.check();
  }

  /** A disk gets its identity once; it becomes durable together with the first vote. */
  #settleIdentity(known: LogIdentity | null): LogIdentity {
    const draw = (): string => randomId((bound) => this.#context.random.below(bound));
    if (known !== null && (known.cluster !== null || !this.#config.bootstrap)) return known;
    const storeId = known?.storeId ?? voterId(draw());
    const cluster = this.#config.bootstrap ? { clusterId: draw(), voters: [storeId] } : null;
    this.#queue.alsoWrite({ key: logKeys.identity, value: encodeIdentity({ storeId, cluster }) });
    return { storeId, cluster };
  }

  #step(input: OmitNow<RaftInput>, proposed: readonly Proposal[] = []): void {
    const out: RaftEffect[] = [];
    this.#core.step({ ...input, now: this.#context.monoNow() }, out);
    for (const effect of out) this.#perform(effect, proposed);
  }

  #perform(effect: RaftEffect, proposed: readonly Proposal[]): void {
    switch (effect.type) {
      case 'append':
        this.#queue.push(effect);
        return;
      case 'accepted':
        this.#proposals.accepted(proposed.slice(0, effect.count), effect.firstIndex);
        return;
      case 'refused':
        for (const proposal of proposed.slice(effect.from)) this.#refuse(proposal, effect.reason);
        return;
      case 'dropped': {
        const reason = effect.reason === 'storage_full' ? 'storage_full' : 'not_leader';
        for (const proposal of this.#proposals.dropped(effect.from)) this.#refuse(proposal, reason);
        return;
      }
      case 'commit':
        this.#proposals.committed(effect.index);
        this.#context.gauge('log_commit_index', effect.index);
        return;
      case 'leadership':
        this.#context.log.info(effect.isLeader ? 'this node leads' : 'leadership changed', { term: effect.term });
        for (const watcher of this.#watchers.values()) this.#context.send(watcher, this.#leadershipEvent(effect));
        return;
      case 'send':
      case 'readEntries':
      case 'readReady':
      case 'readRefused':
        assert(false, `a log of one voter asks for ${effect.type}`);
        return;
      default:
        assertNever(effect);
    }
  }

  #arm(): void {
    const deadline = this.#core.nextDeadline();
    if (deadline === null) this.#context.disarm(TIMER);
    else this.#context.arm(TIMER, deadline);
  }

  #propose(slice: readonly Proposal[]): void {
    this.#step({ type: 'propose', payloads: slice.map((proposal) => proposal.entry) }, slice);
  }

  #refuse(proposal: Pick<Proposal, 'sequence' | 'refusals'>, reason: LogRefusal['reason']): void {
    this.#context.count(`log_refused_${reason}`);
    this.#context.send(proposal.refusals, { type: 'proposalRefused', sequence: proposal.sequence, reason });
  }

  /** What is left of the disk is kept for launches and ends: work that has begun must not be forgotten (design P6). */
  #isOnReserve(): boolean {
    const space = this.#store.space();
    return space !== null && space.freeBytes < Math.min(limits.diskReserveBytes, space.totalBytes / 20);
  }

  #refuseForReserve(): void {
    for (const proposal of this.#proposals.takeRefusable()) this.#refuse(proposal, 'storage_full');
  }

  #flushed(error: Error | null): void {
    const commit = this.#queue.end(error);
    if (this.#isHalted) return;
    if (error === null) this.#durable(commit);
    else if (error instanceof StoreFull) this.#noSpace(commit, error);
    else this.#halt(exitCodes.logNotFlushed, `the log can't be flushed: ${error.message}`);
  }

  #durable(commit: LogCommit): void {
    this.#context.count('log_flushes');
    if (this.#isFull) this.#context.log.info('there is space for the log again');
    this.#isFull = false;
    for (const append of commit.appends) this.#step({ type: 'persisted', id: append.id });
    if (commit.compacted !== null) this.#step({ type: 'compact', index: commit.compacted.index });
  }

  /** What was to be written is refused and forgotten; the log goes on, with whatever fits (design P6). */
  #noSpace(commit: LogCommit, error: Error): void {
    if (!this.#isFull) this.#context.log.error('no space for the log: free disk space', { error: error.message });
    this.#isFull = true;
    const first = commit.appends[0];
    if (first !== undefined) this.#step({ type: 'appendFailed', id: first.id });
  }

  #follow(after: LogIndex, feed: Feed): void {
    const { compactedIndex, lastIndex } = this.#core;
    if (after < compactedIndex) {
      this.#halt(exitCodes.logDamaged, `the state needs entry ${after + 1}, the log begins at ${compactedIndex + 1}`);
    } else if (after > lastIndex) {
      this.#halt(exitCodes.logDamaged, `the state has applied entry ${after}, the log ends at ${lastIndex}`);
    } else {
      this.#feed = feed;
      this.#step({ type: 'applied', index: after });
    }
  }

  /** Sends what is committed, as far as the window allows; what is no longer in memory is read back. */
  #pump(): void {
    const feed = this.#feed;
    if (feed === null || this.#isHalted) return;
    for (let range = feed.next(this.#core.commitIndex); range !== null; range = feed.next(this.#core.commitIndex)) {
      const { from, to, maxBytes } = range;
      const count = to - from + 1;
      const entries = this.#core.cachedEntries(from, count, maxBytes) ?? this.#readBack(from, to, maxBytes);
      if (entries === null) return;
      feed.sent(entries);
      const committed = entries.map(({ index, term, payload }) => ({ index, term, entry: payload }));
      this.#context.send(feed.follower, { type: 'committed', entries: committed });
    }
  }

  #readBack(from: LogIndex, to: LogIndex, maxBytes: number): ReturnType<typeof readBack> | null {
    try {
      return readBack(this.#store, from, to, maxBytes);
    } catch (error) {
      if (!(error instanceof LogDamaged)) throw error;
      this.#halt(exitCodes.logDamaged, `the log is damaged: ${error.message}`);
      return null;
    }
  }

  /** The next batch of entries that nobody needs any more, once it is a full one. */
  #compaction(): Compaction | null {
    const after = this.#core.compactedIndex;
    const index = logIndex(after + limits.compactedEntries);
    if (index > Math.min(this.#core.appliedIndex, this.#durableState) - limits.retainedEntries) return null;
    const term = this.#core.termAt(index);
    assert(term !== null, 'what is applied is in the log');
    return { after, to: { index, term } };
  }

  #leadershipEvent({ term, leader, isLeader, barrier }: Leadership): LeadershipEvent {
    const name = leader === this.#identity.storeId ? this.#config.nodeName : null;
    return { type: 'leadership', term, leader: name, isLeader, barrier };
  }

  #halt(exitCode: number, message: string): void {
    this.#isHalted = true;
    this.#context.stopNode(exitCode, message);
  }
}

/** Stands where the log would be while the node stops. */
const HALTED: Actor<LogCommand> = { receive: () => undefined };

export const definition: ActorDefinition<LogCommand, LogConfig, LogPorts> = {
  mailbox: { capacity: 16_384, overflow: { policy: 'credit' } },
  start: (context, config, ports) => {
    try {
      const actor = new LogActor(context, config, ports.store.open('log', 'write'));
      context.ready();
      return actor;
    } catch (error) {
      if (!(error instanceof LogDamaged || error instanceof AssertionFailed)) throw error;
      context.stopNode(exitCodes.logDamaged, `the log is damaged: ${error.message}`);
      return HALTED;
    }
  },
};
