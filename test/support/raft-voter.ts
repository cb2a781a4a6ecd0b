import { Prng } from '../../src/core/prng.ts';
import type { RaftConfig } from '../../src/core/raft/config.ts';
import { type Entry, type VoterId, voterId } from '../../src/core/raft/entry.ts';
import type { AppendEffect, RaftEffect, RaftInput } from '../../src/core/raft/io.ts';
import { RaftCore } from '../../src/core/raft/raft-core.ts';
import { type MonoMs, monoMs } from '../../src/core/units.ts';
import { RaftDisk } from './raft-disk.ts';

/** Small limits, so that a test meets them. */
export const testConfig: RaftConfig = {
  electionTimeoutMs: 250,
  heartbeatMs: 50,
  entriesPerMessage: 4,
  bytesPerMessage: 64,
  inflightMessages: 3,
  inflightBytes: 128,
  uncommittedEntries: 32,
  uncommittedBytes: 256,
  cachedEntries: 6,
  cachedBytes: 128,
  pendingReads: 8,
};

/** One voter with its disk; appends are flushed by hand, in order. */
export class RaftVoter {
  readonly id: VoterId;
  readonly voters: readonly VoterId[];
  readonly disk = new RaftDisk();
  readonly config: RaftConfig;
  core: RaftCore;
  pending: AppendEffect[] = [];
  #seed: number;

  constructor(name: string, voters: readonly string[], config = testConfig, seed = 1) {
    this.id = voterId(name);
    this.voters = voters.map(voterId);
    this.config = config;
    this.#seed = seed;
    this.core = this.#open(monoMs(0));
  }

  #open(now: MonoMs): RaftCore {
    this.#seed += 1;
    return new RaftCore({
      self: this.id,
      voters: this.voters,
      config: this.config,
      random: new Prng(this.#seed),
      now,
      hardState: this.disk.hardState,
      log: this.disk.stored(),
    });
  }

  /** Performs what stays on this node (appends go to `pending`); returns all effects. */
  step(input: RaftInput): RaftEffect[] {
    const out: RaftEffect[] = [];
    this.core.step(input, out);
    this.core.check();
    for (const effect of out) {
      if (effect.type === 'append') this.pending.push(effect);
    }
    return out;
  }

  /** Makes the oldest append durable; returns what it released and what came of it. */
  flush(now: MonoMs): RaftEffect[] {
    const append = this.pending.shift();
    if (append === undefined) return [];
    this.disk.write(append);
    const released = append.thenSend.map((message): RaftEffect => ({ type: 'send', message }));
    return [...released, ...this.step({ type: 'persisted', now, id: append.id })];
  }

  flushAll(now: MonoMs): RaftEffect[] {
    const effects: RaftEffect[] = [];
    while (this.pending.length > 0) effects.push(...this.flush(now));
    return effects;
  }

  /** The disk has no room for the oldest append: it and all after it are void. */
  refuseFlush(now: MonoMs): RaftEffect[] {
    const append = this.pending[0];
    if (append === undefined) return [];
    this.pending = [];
    return this.step({ type: 'appendFailed', now, id: append.id });
  }

  /** What was not flushed is lost. */
  restart(now: MonoMs): void {
    this.pending = [];
    this.core = this.#open(now);
  }
}

export const textPayload = (text: string): Uint8Array => new TextEncoder().encode(text);
export const payloadText = (entry: Entry): string => new TextDecoder().decode(entry.payload);
