import type { JournalContents, JournalWrite } from '../../../src/core/dispatch/worker-types.ts';
import { limits } from '../../../src/core/limits.ts';
import { type Epoch, epoch, monoMs } from '../../../src/core/units.ts';
import type { Executor } from '../../../src/executors/types.ts';
import { StoreFull } from '../../../src/runtime/ports.ts';
import type { Context } from '../../../src/runtime/types.ts';
import type { Journal } from './journal.ts';
import type { ExecutorCommand } from './protocol.ts';

/** A life of this node that may begin to serve: its epoch is durable and nothing of earlier lives runs. */
export interface OpenedLife {
  readonly epoch: Epoch;
  /** The life before was one of this boot of the operating system. */
  readonly sameBoot: boolean;
  /** The first life whose starts the journal accounts for. Kept: the second life after a wipe must know of it too. */
  readonly journalSince: Epoch;
  /** The journal as the life before left it. */
  readonly contents: JournalContents;
}

export interface OpeningPorts {
  readonly journal: Journal;
  readonly executors: ReadonlyMap<string, Executor>;
  readonly bootId: string;
}

/** What must happen before a new life serves (design P4). `done` is called once, in a turn of the actor. */
export class LifeOpening {
  readonly #context: Context<ExecutorCommand>;
  readonly #ports: OpeningPorts;
  readonly #life: OpenedLife;
  readonly #done: (life: OpenedLife) => void;
  readonly #broken: (error: Error) => void;
  readonly #awaited = new Set(['epoch', 'orphans']);

  constructor(
    context: Context<ExecutorCommand>,
    ports: OpeningPorts,
    done: (life: OpenedLife) => void,
    broken: (error: Error) => void,
  ) {
    const contents = ports.journal.read(ports.bootId);
    this.#context = context;
    this.#ports = ports;
    this.#broken = broken;
    const life = nextEpoch(contents.epoch, context.wallNow());
    const sameBoot = ports.bootId !== '' && contents.bootId === ports.bootId;
    this.#life = { epoch: life, sameBoot, journalSince: sameBoot ? contents.since : life, contents };
    this.#done = done;
    this.#recordEpoch();
    this.#killOrphans(ports.executors);
  }

  /** Of the actor's timers, some are the opening's. */
  timer(key: string): void {
    if (key === 'epoch') this.#recordEpoch();
    if (key !== 'orphans' || !this.#awaited.has('orphans')) return;
    this.#context.log.error(
      'What an earlier life of this node left running resists being killed; starting nevertheless',
    );
    this.#arrived('orphans');
  }

  #recordEpoch(): void {
    const { journal, bootId } = this.#ports;
    const life: JournalWrite = { type: 'life', epoch: this.#life.epoch, bootId, since: this.#life.journalSince };
    journal.checkpoint([life], (error) => {
      this.#context.enter(() => {
        if (error === null) this.#arrived('epoch');
        else if (error instanceof StoreFull) this.#waitForSpace();
        else this.#broken(error);
      });
    });
  }

  /** Lack of space breaks nothing (P6): the life begins once there is some. */
  #waitForSpace(): void {
    this.#context.log.error('The disk of the data directory is full: nothing can be started before there is space');
    this.#context.arm('epoch', monoMs(this.#context.monoNow() + limits.journalRetryMs));
  }

  /** What the journal shows begun and not ended ran when the life before ended. */
  #killOrphans(executors: ReadonlyMap<string, Executor>): void {
    const interrupted = this.#life.contents.entries.filter(({ end }) => end === null);
    let waitsFor = 1;
    const oneGone = (): void => {
      waitsFor -= 1;
      if (waitsFor > 0) return;
      this.#context.enter(() => this.#arrived('orphans'));
    };
    this.#context.arm('orphans', monoMs(this.#context.monoNow() + limits.orphanKillMs));
    for (const { id, executor, process } of interrupted) {
      this.#context.log.warn('An execution was interrupted by the end of the life before', { execution: id });
      const killer = executors.get(executor);
      if (killer?.killOrphan === undefined) continue;
      waitsFor += 1;
      killer.killOrphan(id, process, oneGone);
    }
    oneGone();
  }

  #arrived(what: 'epoch' | 'orphans'): void {
    if (what === 'orphans') this.#context.disarm('orphans');
    if (this.#awaited.delete(what) && this.#awaited.size === 0) this.#done(this.#life);
  }
}

/**
 * One more than the last, and not less than the wall clock's seconds: a node whose data directory was lost, or rolled
 * back, is a new life all the same, and not one for which old starts and old leases are valid.
 */
const nextEpoch = (last: Epoch, wallNowMs: number): Epoch => epoch(Math.max(last + 1, Math.floor(wallNowMs / 1000)));
