import { assertNever } from '../core/assert.ts';
import type { MonoMs } from '../core/units.ts';
import type { Inspect } from './inspection.ts';
import type { SupervisionTable } from './supervision.ts';
import { SupervisorCore, type SupervisorEffect, type SupervisorInput } from './supervisor-core.ts';
import type { Random } from './types.ts';

/** Starts and ends actors on request; reports back with `ready` and `ended` inputs, never from inside these calls. */
export interface Launcher {
  startActor(actor: string, life: number): void;
  stopActor(actor: string, life: number): void;
  killActor(actor: string, life: number): void;
  nodeStopped(exitCode: number, message: string): void;
  exitProcess(exitCode: number, message: string): void;
}

export interface SupervisorWorld {
  readonly random: Random;
  readonly inspect: Inspect;
  monoNow(): MonoMs;
  /** Calls `wake` once, later, in order with other deferred calls. */
  defer(wake: () => void): void;
  /** Calls `wake` at that time; replaces the earlier setting; null: none. */
  wakeAt(at: MonoMs | null, wake: () => void): void;
}

/** The shell of the supervisor core: feeds it, keeps its timer, performs its effects in order. */
export class Supervisor {
  readonly #core: SupervisorCore;
  readonly #launcher: Launcher;
  readonly #world: SupervisorWorld;
  #closed = false;

  constructor(table: SupervisionTable, launcher: Launcher, world: SupervisorWorld) {
    this.#core = new SupervisorCore(table, world.random);
    this.#launcher = launcher;
    this.#world = world;
  }

  /** Takes an input in a later turn: reports come from inside of actors' turns. */
  submit(input: SupervisorInput): void {
    this.#world.defer(() => this.#step(input));
  }

  /** The node is gone (simulated crash): nothing more is decided. */
  close(): void {
    this.#closed = true;
    this.#world.wakeAt(null, () => {});
  }

  #step(input: SupervisorInput): void {
    if (this.#closed) return;
    const out: SupervisorEffect[] = [];
    this.#core.step(input, this.#world.monoNow(), out);
    this.#core.check();
    for (const effect of out) this.#perform(effect);
    this.#world.wakeAt(this.#core.nextDeadline(), () => this.#step({ type: 'deadline' }));
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.type) {
      case 'startActor':
        this.#launcher.startActor(effect.actor, effect.life);
        break;
      case 'stopActor':
        this.#launcher.stopActor(effect.actor, effect.life);
        break;
      case 'killActor':
        this.#launcher.killActor(effect.actor, effect.life);
        break;
      case 'inspect':
        this.#world.inspect(effect.event, this.#world.monoNow());
        break;
      case 'nodeStopped':
        this.#launcher.nodeStopped(effect.exitCode, effect.message);
        break;
      case 'exitProcess':
        this.#launcher.exitProcess(effect.exitCode, effect.message);
        break;
      default:
        assertNever(effect);
    }
  }
}
