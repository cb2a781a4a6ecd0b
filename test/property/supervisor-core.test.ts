import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../src/core/prng.ts';
import { monoMs } from '../../src/core/units.ts';
import type { GroupSpec, Strategy, SupervisionTable } from '../../src/runtime/supervision.ts';
import { SupervisorCore, type SupervisorEffect, type SupervisorInput } from '../../src/runtime/supervisor-core.ts';

type Life = 'starting' | 'up' | 'stopping' | 'killed';

const group = (id: string, strategy: Strategy): GroupSpec => ({
  id,
  strategy,
  intensity: { restarts: 4, withinMs: 2_000 },
  backoff: { firstMs: 10, maxMs: 200 },
});

const table: SupervisionTable = {
  groups: [group('chain', 'rest_for_one'), group('free', 'one_for_one')],
  children: ['a', 'b', 'c', 'd', 'e'].map((id) => ({
    id,
    group: id <= 'c' ? 'chain' : 'free',
    startMs: 300,
    shutdownMs: 100,
  })),
};

/** A world that obeys: threads that exist, and the rules that hold between them at any time. */
class World {
  readonly core = new SupervisorCore(table, new Prng(1));
  readonly lives = new Map<string, { life: number; state: Life }>();
  stopped: number | null = null;
  now = 0;

  step(input: SupervisorInput): void {
    const out: SupervisorEffect[] = [];
    this.core.step(input, monoMs(this.now), out);
    this.core.check();
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.type) {
      case 'startActor':
        expect(this.lives.has(effect.actor), `${effect.actor} is down before it starts`).toBe(false);
        if (effect.actor <= 'c') {
          const dependsOn = ['a', 'b', 'c'].filter((id) => id < effect.actor);
          const dependants = ['a', 'b', 'c'].filter((id) => id > effect.actor);
          for (const id of dependsOn)
            expect(this.lives.get(id)?.state, `${id} is up before ${effect.actor}`).toBe('up');
          for (const id of dependants)
            expect(this.lives.has(id), `${id} is down while ${effect.actor} starts`).toBe(false);
        }
        this.lives.set(effect.actor, { life: effect.life, state: 'starting' });
        break;
      case 'stopActor':
        expect(['starting', 'up']).toContain(this.lives.get(effect.actor)?.state);
        this.lives.set(effect.actor, { life: effect.life, state: 'stopping' });
        break;
      case 'killActor':
        expect(['starting', 'stopping']).toContain(this.lives.get(effect.actor)?.state);
        this.lives.set(effect.actor, { life: effect.life, state: 'killed' });
        break;
      case 'nodeStopped':
        expect(this.lives.size).toBe(0);
        this.stopped = effect.exitCode;
        break;
      case 'exitProcess':
        expect(
          [...this.lives.values()].some(({ life, state }) => state === 'killed' || (life > 1 && state === 'starting')),
        ).toBe(true);
        this.lives.clear();
        this.stopped = effect.exitCode;
        break;
      case 'inspect':
        break;
    }
  }

  /** What a thread does on its own: gets ready, ends as asked, fails. */
  act(actor: string, fails: boolean): void {
    const known = this.lives.get(actor);
    if (known === undefined) return;
    const { life, state } = known;
    if (state === 'starting' && !fails) {
      this.lives.set(actor, { life, state: 'up' });
      this.step({ type: 'ready', actor, life });
    } else if (fails || state !== 'up') {
      this.lives.delete(actor);
      this.step({ type: 'ended', actor, life, error: fails ? 'it broke' : null });
    }
  }

  pass(ms: number): void {
    const next = this.core.nextDeadline();
    this.now = next !== null && next <= this.now + ms ? Math.max(this.now, next) : this.now + ms;
    this.step({ type: 'deadline' });
  }
}

const moves = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ actor: fc.constantFrom('a', 'b', 'c', 'd', 'e'), fails: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ ms: fc.nat(400) }) },
  ),
  { maxLength: 300 },
);

describe('the supervisor', () => {
  it('keeps its rules through any course of events, and always comes to an end', () => {
    fc.assert(
      fc.property(moves, fc.boolean(), (script, calmStart) => {
        const world = new World();
        world.step({ type: 'start' });
        if (calmStart) for (const actor of ['a', 'b', 'c', 'd', 'e']) world.act(actor, false);
        for (const move of script) {
          if ('ms' in move) world.pass(move.ms);
          else world.act(move.actor, move.fails);
        }
        // Left alone, with actors that obey, everything is up again or the node is down.
        for (let round = 0; round < 60; round += 1) {
          for (const actor of ['a', 'b', 'c', 'd', 'e']) world.act(actor, false);
          world.pass(200);
        }
        if (world.stopped === null) {
          for (const { state } of world.lives.values()) expect(state).toBe('up');
          expect(world.lives.size).toBe(5);
          expect(world.core.nextDeadline()).toBe(null);
          world.step({ type: 'shutdown', exitCode: 9, message: '' });
          for (const actor of ['e', 'd', 'c', 'b', 'a']) world.act(actor, false);
          expect(world.stopped).toBe(9);
        } else {
          expect([70, 71, 72]).toContain(world.stopped);
        }
      }),
      { numRuns: 500 },
    );
  });
});
