import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/core/prng.ts';
import { monoMs } from '../../../src/core/units.ts';
import type { ChildSpec, GroupSpec, Strategy } from '../../../src/runtime/supervision.ts';
import { SupervisorCore, type SupervisorInput } from '../../../src/runtime/supervisor-core.ts';

const group = (id: string, strategy: Strategy): GroupSpec => ({
  id,
  strategy,
  intensity: { restarts: 2, withinMs: 1_000 },
  backoff: { firstMs: 100, maxMs: 150 },
});

const child = (id: string, groupId: string, more: Partial<ChildSpec> = {}): ChildSpec => ({
  id,
  group: groupId,
  startMs: 500,
  shutdownMs: 50,
  ...more,
});

/** Two groups: a, b, c depend on each other; d and e don't. */
const table = (strategy: Strategy = 'rest_for_one') => ({
  groups: [group('chain', strategy), group('free', 'one_for_one')],
  // Written out of order: groups decide first.
  children: [child('d', 'free'), child('a', 'chain'), child('b', 'chain'), child('c', 'chain'), child('e', 'free')],
});

/** Drives a core by hand: effects as short texts, lives counted. */
class Drive {
  readonly #core: SupervisorCore;
  readonly #lives = new Map<string, number>();
  now = 0;

  constructor(groups = table()) {
    this.#core = new SupervisorCore(groups, new Prng(1));
  }

  step(input: SupervisorInput): string[] {
    const out: Parameters<SupervisorCore['step']>[2] = [];
    this.#core.step(input, monoMs(this.now), out);
    this.#core.check();
    return out.flatMap((effect) => {
      switch (effect.type) {
        case 'inspect':
          return [];
        case 'nodeStopped':
        case 'exitProcess':
          return [`${effect.type} ${effect.exitCode}`];
        default:
          this.#lives.set(effect.actor, effect.life);
          return [`${effect.type} ${effect.actor}`];
      }
    });
  }

  ready = (actor: string) => this.step({ type: 'ready', actor, life: this.#lives.get(actor) ?? 0 });
  fails = (actor: string) => this.step({ type: 'ended', actor, life: this.#lives.get(actor) ?? 0, error: 'it broke' });
  ends = (actor: string) => this.step({ type: 'ended', actor, life: this.#lives.get(actor) ?? 0, error: null });
  shutdown = (exitCode = 0) => this.step({ type: 'shutdown', exitCode, message: '' });

  /** Lets time pass to the next deadline. */
  deadline(): string[] {
    const at = this.#core.nextDeadline();
    expect(at).not.toBe(null);
    this.now = at ?? 0;
    return this.step({ type: 'deadline' });
  }

  get nextDeadline(): number | null {
    return this.#core.nextDeadline();
  }

  started(): this {
    this.step({ type: 'start' });
    for (const actor of ['a', 'b', 'c', 'd', 'e']) this.ready(actor);
    return this;
  }
}

describe('starting', () => {
  it('goes group by group, each when the one before is ready', () => {
    const drive = new Drive();
    expect(drive.step({ type: 'start' })).toEqual(['startActor a']);
    expect(['a', 'b', 'c', 'd', 'e'].map((actor) => drive.ready(actor))).toEqual([
      ['startActor b'],
      ['startActor c'],
      ['startActor d'],
      ['startActor e'],
      [],
    ]);
    expect(drive.nextDeadline).toBe(null);
  });

  it('ends the node when an actor fails before all are ready', () => {
    const drive = new Drive();
    drive.step({ type: 'start' });
    drive.ready('a');
    expect(drive.fails('b')).toEqual(['stopActor a']);
    expect(drive.ends('a')).toEqual(['nodeStopped 71']);
  });

  it('ends the node when an actor is not ready in time', () => {
    const drive = new Drive();
    drive.step({ type: 'start' });
    expect(drive.nextDeadline).toBe(500);
    expect(drive.deadline()).toEqual(['killActor a']);
    expect(drive.fails('a')).toEqual(['nodeStopped 71']);
  });
});

describe('one_for_one', () => {
  it('starts the failed actor alone, after a pause', () => {
    const drive = new Drive().started();
    expect(drive.fails('d')).toEqual([]);
    expect(drive.nextDeadline).toBeGreaterThanOrEqual(50);
    expect(drive.nextDeadline).toBeLessThanOrEqual(100);
    expect(drive.deadline()).toEqual(['startActor d']);
    expect(drive.ready('d')).toEqual([]);
    expect(drive.nextDeadline).toBe(null);
  });

  it('counts the failures of the whole group', () => {
    const drive = new Drive().started();
    drive.fails('d');
    drive.fails('e');
    expect(drive.deadline().concat(drive.deadline()).sort()).toEqual(['startActor d', 'startActor e']);
    drive.ready('d');
    expect(drive.fails('d')).toEqual(['stopActor e']);
  });

  it('forgets failures that are older than the window', () => {
    const drive = new Drive().started();
    for (let round = 0; round < 10; round += 1) {
      drive.fails('d');
      expect(drive.deadline()).toEqual(['startActor d']);
      drive.ready('d');
      drive.now += 600;
    }
  });

  it('ends the process when an actor that was started again does not get ready: its last life left it no way', () => {
    const drive = new Drive().started();
    drive.fails('d');
    expect(drive.deadline()).toEqual(['startActor d']);
    expect(drive.deadline()).toEqual(['exitProcess 70']);
  });

  it('takes an end that nobody asked for as a failure', () => {
    const drive = new Drive().started();
    drive.ends('d');
    expect(drive.deadline()).toEqual(['startActor d']);
  });
});

describe('an actor whose thread does not answer', () => {
  const hung = (actor: string, life: number): SupervisorInput => ({ type: 'hung', actor, life });

  it('is killed and started again, as one failure', () => {
    const drive = new Drive().started();
    expect(drive.step(hung('d', 1))).toEqual(['killActor d']);
    expect(drive.fails('d')).toEqual([]);
    expect(drive.deadline()).toEqual(['startActor d']);
    expect(drive.step(hung('d', 1))).toEqual([]);
  });

  it('takes its dependants with it', () => {
    const drive = new Drive().started();
    expect(drive.step(hung('b', 1))).toEqual(['killActor b']);
    expect(drive.fails('b')).toEqual(['stopActor c']);
  });

  it('is left to the deadline of its stop', () => {
    const drive = new Drive().started();
    drive.shutdown();
    expect(drive.step(hung('e', 1))).toEqual([]);
  });

  it('ends the process when it is still there long after it was ended by force', () => {
    const drive = new Drive().started();
    expect(drive.step(hung('e', 1))).toEqual(['killActor e']);
    expect(drive.deadline()).toEqual(['exitProcess 72']);
  });

  it('ends the process when it must not be killed', () => {
    const { groups } = table();
    const drive = new Drive({ groups, children: [child('a', 'chain', { terminable: false })] });
    drive.step({ type: 'start' });
    drive.ready('a');
    expect(drive.step(hung('a', 1))).toEqual(['exitProcess 72']);
  });
});

describe('rest_for_one', () => {
  it('stops the dependants, last first, and starts all in order', () => {
    const drive = new Drive().started();
    expect(drive.fails('a')).toEqual(['stopActor c']);
    expect(drive.ends('c')).toEqual(['stopActor b']);
    expect(drive.ends('b')).toEqual([]);
    expect(drive.deadline()).toEqual(['startActor a']);
    expect(drive.ready('a')).toEqual(['startActor b']);
    expect(drive.ready('b')).toEqual(['startActor c']);
    expect(drive.ready('c')).toEqual([]);
  });

  it('leaves alone what comes before', () => {
    const drive = new Drive().started();
    expect(drive.fails('c')).toEqual([]);
    expect(drive.deadline()).toEqual(['startActor c']);
  });

  it('starts from the earliest when another one fails meanwhile', () => {
    const drive = new Drive().started();
    drive.fails('b');
    expect(drive.fails('a')).toEqual([]);
    expect(drive.ends('c')).toEqual([]);
    expect(drive.deadline()).toEqual(['startActor a']);
    expect(drive.ready('a')).toEqual(['startActor b']);
  });

  it('stops an actor that is being started again when one before it fails', () => {
    const drive = new Drive().started();
    drive.fails('b');
    drive.ends('c');
    expect(drive.deadline()).toEqual(['startActor b']);
    expect(drive.fails('a')).toEqual(['stopActor b']);
    expect(drive.ends('b')).toEqual([]);
    expect(drive.deadline()).toEqual(['startActor a']);
  });

  it('kills a dependant that does not stop in time', () => {
    const drive = new Drive().started();
    drive.fails('b');
    expect(drive.deadline()).toEqual(['killActor c']);
    drive.now = 100;
    expect(drive.fails('c')).toEqual(['startActor b']);
  });
});

describe('stopping', () => {
  it('goes in reverse, one by one, and keeps the first exit code', () => {
    const drive = new Drive().started();
    expect(drive.shutdown(5)).toEqual(['stopActor e']);
    expect(drive.shutdown(6)).toEqual([]);
    expect(['e', 'd', 'c', 'b', 'a'].map((actor) => drive.ends(actor))).toEqual([
      ['stopActor d'],
      ['stopActor c'],
      ['stopActor b'],
      ['stopActor a'],
      ['nodeStopped 5'],
    ]);
  });

  it('restarts nothing, and does not stop what has failed by itself', () => {
    const drive = new Drive().started();
    drive.shutdown();
    expect(drive.fails('b')).toEqual([]);
    drive.ends('e');
    drive.ends('d');
    expect(drive.ends('c')).toEqual(['stopActor a']);
  });

  it('kills what misses its deadline', () => {
    const drive = new Drive().started();
    drive.shutdown();
    expect(drive.deadline()).toEqual(['killActor e']);
    expect(drive.fails('e')).toEqual(['stopActor d']);
  });

  it('ends the process when the one that misses its deadline must not be killed', () => {
    const { groups } = table();
    const drive = new Drive({ groups, children: [child('a', 'chain', { terminable: false })] });
    drive.step({ type: 'start' });
    drive.ready('a');
    drive.shutdown();
    expect(drive.deadline()).toEqual(['exitProcess 72']);
  });

  it('ignores what earlier lives report', () => {
    const drive = new Drive().started();
    drive.fails('d');
    drive.deadline();
    expect(drive.step({ type: 'ready', actor: 'd', life: 1 })).toEqual([]);
    expect(drive.step({ type: 'ended', actor: 'd', life: 1, error: 'old' })).toEqual([]);
    drive.ready('d');
    expect(drive.nextDeadline).toBe(null);
  });
});

describe('a table', () => {
  it('is refused when it can not be meant', () => {
    const { groups } = table();
    const make = (children: ChildSpec[]) => () => new Drive({ groups, children });
    expect(make([child('a', 'chain'), child('a', 'free')])).toThrow('unique');
    expect(make([child('a', 'nowhere')])).toThrow('in the table');
    expect(make([child('main', 'chain')])).toThrow('main');
    expect(make([child('a', 'chain', { shutdownMs: 0 })])).toThrow('positive');
  });
});
