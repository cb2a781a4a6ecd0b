import { assert, assertNever } from '../core/assert.ts';
import { type MonoMs, monoMs } from '../core/units.ts';
import type { InspectionEvent } from './inspection.ts';
import { type Child, type Missed, makeUnits, nextUnitStep, type RestartUnit } from './restart-unit.ts';
import { checkTable, exitCodes, isTerminable, type SupervisionTable, startLimitMs, startOrder } from './supervision.ts';
import type { Random } from './types.ts';

export type SupervisorInput =
  | { readonly type: 'start' }
  /** The actor serves. */
  | { readonly type: 'ready'; readonly actor: string; readonly life: number }
  /** That life is over for certain: nothing of it runs any more. `error`: null when it ended without one. */
  | { readonly type: 'ended'; readonly actor: string; readonly life: number; readonly error: string | null }
  /** Its thread hasn't answered for the time that its row allows. */
  | { readonly type: 'hung'; readonly actor: string; readonly life: number }
  | { readonly type: 'deadline' }
  /** Stop the node: a signal, or an actor's `stopNode`. The first one decides the exit code. */
  | { readonly type: 'shutdown'; readonly exitCode: number; readonly message: string };

export type SupervisorEffect =
  | { readonly type: 'startActor'; readonly actor: string; readonly life: number }
  | { readonly type: 'stopActor'; readonly actor: string; readonly life: number }
  | { readonly type: 'killActor'; readonly actor: string; readonly life: number }
  | { readonly type: 'inspect'; readonly event: InspectionEvent }
  /** All actors are down. */
  | { readonly type: 'nodeStopped'; readonly exitCode: number; readonly message: string }
  /** End the process now: an actor must not be killed and doesn't stop, or was killed and is still there, or doesn't start again. */
  | { readonly type: 'exitProcess'; readonly exitCode: number; readonly message: string };

type NodePhase = 'new' | 'starting' | 'running' | 'stopping' | 'stopped';

/** Decides what starts, stops and starts again on one node. Pure: see `step`. */
export class SupervisorCore {
  readonly #units: readonly RestartUnit[];
  /** In start order. */
  readonly #children: readonly Child[];
  #phase: NodePhase = 'new';
  #exit: { exitCode: number; message: string } = { exitCode: 0, message: '' };

  constructor(table: SupervisionTable, random: Random) {
    checkTable(table);
    this.#units = makeUnits(table.groups, startOrder(table), random);
    this.#children = this.#units.flatMap((unit) => unit.children);
  }

  step(input: SupervisorInput, now: MonoMs, out: SupervisorEffect[]): void {
    switch (input.type) {
      case 'start':
        assert(this.#phase === 'new', 'a node starts once');
        this.#phase = 'starting';
        this.#startNext(now, out);
        break;
      case 'ready':
        this.#ready(this.#child(input.actor), input.life, now, out);
        break;
      case 'ended':
        this.#ended(this.#child(input.actor), input, now, out);
        break;
      case 'hung':
        this.#hung(this.#child(input.actor), input.life, now, out);
        break;
      case 'deadline':
        this.#deadlines(now, out);
        break;
      case 'shutdown':
        this.#shutdown(input.exitCode, input.message, now, out);
        break;
      default:
        assertNever(input);
    }
  }

  /** When to step with `deadline` next; null: not before another input. */
  nextDeadline(): MonoMs | null {
    let next = Number.POSITIVE_INFINITY;
    for (const child of this.#children) if (child.deadline !== null) next = Math.min(next, child.deadline);
    if (this.#phase === 'running') {
      for (const unit of this.#units) {
        const step = nextUnitStep(unit, monoMs(Number.NEGATIVE_INFINITY));
        if (step.type === 'wait' && step.until !== null) next = Math.min(next, step.until);
      }
    }
    return next === Number.POSITIVE_INFINITY ? null : monoMs(next);
  }

  check(): void {
    for (const child of this.#children) {
      const timed = child.phase === 'starting' || child.phase === 'stopping' || child.phase === 'killed';
      assert(timed === (child.deadline !== null), `${child.spec.id} has a deadline while it starts or ends`);
      assert((child.phase === 'killed') === (child.missed !== null), `${child.spec.id} is killed for a reason`);
    }
    const starting = this.#children.filter((child) => child.phase === 'starting').length;
    if (this.#phase === 'starting') assert(starting <= 1, 'actors of a new node start one by one');
    if (this.#phase === 'stopped')
      assert(
        this.#children.every(({ phase }) => phase === 'down'),
        'a stopped node is down',
      );
    for (const { group, children } of this.#units) {
      if (group.strategy !== 'rest_for_one') continue;
      const changing = children.filter(({ phase }) => phase === 'starting' || phase === 'stopping').length;
      assert(changing <= 1 || this.#phase === 'stopping', `the actors of ${group.id} start and stop one by one`);
    }
  }

  #ready(child: Child, life: number, now: MonoMs, out: SupervisorEffect[]): void {
    if (child.life !== life || child.phase !== 'starting') return;
    child.phase = 'up';
    child.deadline = null;
    out.push({ type: 'inspect', event: { type: 'actorReady', actor: child.spec.id, life } });
    if (this.#phase === 'starting') this.#startNext(now, out);
    if (this.#phase !== 'running') return;
    const { unit } = child;
    const index = unit.children.indexOf(child);
    if (unit.from !== index) return;
    unit.from = index + 1 < unit.children.length ? index + 1 : null;
    this.#advance(unit, now, out);
  }

  #ended(child: Child, input: { life: number; error: string | null }, now: MonoMs, out: SupervisorEffect[]): void {
    const { life, error } = input;
    if (child.life !== life || child.phase === 'down') return;
    const actor = child.spec.id;
    // Killed because it didn't stop in time, it is merely down; killed for any other reason, it has failed.
    const asked = child.phase === 'stopping' || child.missed === 'stop';
    child.phase = 'down';
    child.missed = null;
    child.deadline = null;
    if (this.#phase === 'stopping') {
      out.push({ type: 'inspect', event: { type: 'actorStopped', actor, life, error } });
      this.#stopNext(now, out);
    } else if (this.#phase === 'starting') {
      const reason = error ?? 'ended by itself';
      out.push({ type: 'inspect', event: { type: 'actorFailed', actor, life, error: reason } });
      this.#shutdown(exitCodes.startFailed, `${actor} failed while the node was starting: ${reason}`, now, out);
    } else if (asked) {
      out.push({ type: 'inspect', event: { type: 'actorStopped', actor, life, error } });
      this.#advance(child.unit, now, out);
    } else {
      this.#failed(child, error ?? 'ended by itself', now, out);
    }
  }

  #failed(child: Child, error: string, now: MonoMs, out: SupervisorEffect[]): void {
    const { unit, life } = child;
    const actor = child.spec.id;
    out.push({ type: 'inspect', event: { type: 'actorFailed', actor, life, error } });
    const pause = unit.failures.note(now);
    if (pause === null) {
      const { restarts, withinMs } = unit.group.intensity;
      const message = `${actor} failed; more than ${restarts} failures of ${unit.group.id} within ${withinMs} ms: ${error}`;
      this.#shutdown(exitCodes.gaveUp, message, now, out);
      return;
    }
    const index = this.#indexOf(child);
    unit.from = unit.from === null ? index : Math.min(unit.from, index);
    unit.resumeAt = monoMs(now + pause.delayMs);
    out.push({ type: 'inspect', event: { type: 'restartPlanned', actor, delayMs: pause.delayMs } });
    this.#advance(unit, now, out);
  }

  #deadlines(now: MonoMs, out: SupervisorEffect[]): void {
    for (const child of this.#children) {
      if (child.deadline === null || child.deadline > now) continue;
      if (child.phase === 'starting' && this.#phase === 'running') {
        // What its last life left in this process is in its way, perhaps a lock of a library: no further life mends that.
        this.#exitNow(exitCodes.gaveUp, `${child.spec.id} was started again and missed its deadline to start`, out);
        return;
      }
      if (child.phase === 'killed') {
        // It is inside a library that doesn't come back, or that waits for a lock which this very thread holds.
        this.#exitNow(exitCodes.unstoppable, `${child.spec.id} was ended by force and is still there`, out);
        return;
      }
      this.#kill(child, child.phase === 'starting' ? 'start' : 'stop', now, out);
      if (this.#phase === 'stopped') return;
    }
    if (this.#phase === 'running') for (const unit of this.#units) this.#advance(unit, now, out);
  }

  #hung(child: Child, life: number, now: MonoMs, out: SupervisorEffect[]): void {
    if (child.life === life && child.phase === 'up') this.#kill(child, 'answer', now, out);
  }

  #kill(child: Child, missed: Missed, now: MonoMs, out: SupervisorEffect[]): void {
    const { life, spec } = child;
    if (!isTerminable(spec)) {
      this.#exitNow(
        exitCodes.unstoppable,
        `${spec.id} missed its deadline to ${missed} and must not be ended by force`,
        out,
      );
      return;
    }
    child.phase = 'killed';
    child.deadline = monoMs(now + spec.shutdownMs);
    child.missed = missed;
    out.push({ type: 'inspect', event: { type: 'actorKilled', actor: spec.id, life, missed } });
    out.push({ type: 'killActor', actor: spec.id, life });
  }

  #exitNow(exitCode: number, message: string, out: SupervisorEffect[]): void {
    this.#phase = 'stopped';
    for (const each of this.#children) {
      each.phase = 'down';
      each.deadline = null;
      each.missed = null;
    }
    out.push({ type: 'exitProcess', exitCode, message });
  }

  #shutdown(exitCode: number, message: string, now: MonoMs, out: SupervisorEffect[]): void {
    if (this.#phase === 'stopping' || this.#phase === 'stopped') return;
    this.#phase = 'stopping';
    this.#exit = { exitCode, message };
    out.push({ type: 'inspect', event: { type: 'nodeStopping', exitCode, message } });
    this.#stopNext(now, out);
  }

  /** One after the other, last first; whoever is stopping already is waited for. */
  #stopNext(now: MonoMs, out: SupervisorEffect[]): void {
    const last = this.#children.findLast((child) => child.phase !== 'down');
    if (last === undefined) {
      this.#phase = 'stopped';
      out.push({ type: 'inspect', event: { type: 'nodeStopped', exitCode: this.#exit.exitCode } });
      out.push({ type: 'nodeStopped', ...this.#exit });
    } else if (last.phase === 'up' || last.phase === 'starting') {
      this.#stop(last, now, out);
    }
  }

  #startNext(now: MonoMs, out: SupervisorEffect[]): void {
    const next = this.#children.find((child) => child.phase === 'down');
    if (next !== undefined) {
      this.#start(next, now, out);
      return;
    }
    this.#phase = 'running';
    out.push({ type: 'inspect', event: { type: 'nodeStarted' } });
  }

  #advance(unit: RestartUnit, now: MonoMs, out: SupervisorEffect[]): void {
    const step = nextUnitStep(unit, now);
    if (step.type === 'start') this.#start(step.child, now, out);
    else if (step.type === 'stop') this.#stop(step.child, now, out);
  }

  #start(child: Child, now: MonoMs, out: SupervisorEffect[]): void {
    child.life += 1;
    child.phase = 'starting';
    child.deadline = monoMs(now + startLimitMs(child.spec));
    out.push({ type: 'inspect', event: { type: 'actorStarting', actor: child.spec.id, life: child.life } });
    out.push({ type: 'startActor', actor: child.spec.id, life: child.life });
  }

  #stop(child: Child, now: MonoMs, out: SupervisorEffect[]): void {
    child.phase = 'stopping';
    child.deadline = monoMs(now + child.spec.shutdownMs);
    out.push({ type: 'inspect', event: { type: 'actorStopping', actor: child.spec.id, life: child.life } });
    out.push({ type: 'stopActor', actor: child.spec.id, life: child.life });
  }

  #indexOf(child: Child): number {
    return child.unit.children.indexOf(child);
  }

  #child(actor: string): Child {
    const child = this.#children.find(({ spec }) => spec.id === actor);
    assert(child !== undefined, `${actor} is in the table`);
    return child;
  }
}
