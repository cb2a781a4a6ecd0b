import { assert } from '../core/assert.ts';
import { type MonoMs, monoMs } from '../core/units.ts';
import type { ChildSpec, GroupSpec } from './supervision.ts';
import type { Random } from './types.ts';

/** down → starting → up → stopping → down; `killed`: ended by force, its end is awaited. */
export type ChildPhase = 'down' | 'starting' | 'up' | 'stopping' | 'killed';

/** Why an actor is ended by force: not ready in time, not stopped in time, its thread doesn't answer. */
export type Missed = 'start' | 'stop' | 'answer';

export interface Child {
  readonly spec: ChildSpec;
  readonly unit: RestartUnit;
  phase: ChildPhase;
  /** Number of starts so far. */
  life: number;
  /** By when a starting or stopping child must be done. */
  deadline: MonoMs | null;
  /** Of a killed child: why. */
  missed: Missed | null;
}

/**
 * Children that fail together: all of a rest_for_one group, one of a one_for_one group. Units of one group share its
 * failures.
 */
export interface RestartUnit {
  readonly group: GroupSpec;
  readonly failures: Failures;
  readonly children: Child[];
  /** First child that is to be started again; null: none. */
  from: number | null;
  /** Not before this time. */
  resumeAt: MonoMs;
}

/** Failures of one group: how many within its window, and how long to wait after the latest. */
export class Failures {
  readonly #group: GroupSpec;
  readonly #random: Random;
  #times: MonoMs[] = [];

  constructor(group: GroupSpec, random: Random) {
    this.#group = group;
    this.#random = random;
  }

  /** Notes one; null: more than the group's intensity allows. */
  note(now: MonoMs): { readonly delayMs: number } | null {
    const { intensity, backoff } = this.#group;
    this.#times = this.#times.filter((time) => time > now - intensity.withinMs);
    this.#times.push(now);
    if (this.#times.length > intensity.restarts) return null;
    const doublings = Math.min(this.#times.length - 1, 30);
    const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** doublings);
    const half = Math.floor(full / 2);
    return { delayMs: half + this.#random.below(full - half + 1) };
  }
}

export function makeUnits(groups: readonly GroupSpec[], order: readonly ChildSpec[], random: Random): RestartUnit[] {
  return groups.flatMap((group) => {
    const members = order.filter((spec) => spec.group === group.id);
    const failures = new Failures(group, random);
    const shares = group.strategy === 'rest_for_one' ? [members] : members.map((member) => [member]);
    return shares.map((specs) => makeUnit(group, failures, specs));
  });
}

function makeUnit(group: GroupSpec, failures: Failures, specs: readonly ChildSpec[]): RestartUnit {
  const unit: RestartUnit = { group, failures, children: [], from: null, resumeAt: monoMs(0) };
  for (const spec of specs) unit.children.push({ spec, unit, phase: 'down', life: 0, deadline: null, missed: null });
  return unit;
}

/** The next thing to do to bring a unit back up: stop its last running dependant, wait, or start a child. */
export type UnitStep =
  | { readonly type: 'stop'; readonly child: Child }
  | { readonly type: 'start'; readonly child: Child }
  | { readonly type: 'wait'; readonly until: MonoMs | null };

export function nextUnitStep(unit: RestartUnit, now: MonoMs): UnitStep {
  const { from, children } = unit;
  if (from === null) return { type: 'wait', until: null };
  const last = children.findLast((child, index) => index > from && child.phase !== 'down');
  if (last !== undefined) {
    const asked = last.phase === 'stopping' || last.phase === 'killed';
    return asked ? { type: 'wait', until: null } : { type: 'stop', child: last };
  }
  const first = children[from];
  assert(first !== undefined, 'a unit restarts from one of its children');
  if (first.phase !== 'down') return { type: 'wait', until: null };
  return now < unit.resumeAt ? { type: 'wait', until: unit.resumeAt } : { type: 'start', child: first };
}
