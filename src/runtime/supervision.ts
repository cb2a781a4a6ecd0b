import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';

/** What ends with a failed actor. */
export type Strategy =
  /** Nothing else: the failed actor alone is started again. */
  | 'one_for_one'
  /** The actors after it in the group depend on it: they are stopped, last first, and all start again in order. */
  | 'rest_for_one';

export interface GroupSpec {
  readonly id: string;
  readonly strategy: Strategy;
  /** One failure more than `restarts` within `withinMs` stops the node: restarting doesn't mend it. */
  readonly intensity: { readonly restarts: number; readonly withinMs: number };
  /**
   * Pause before a restart: `firstMs` after the first failure within the intensity's window, doubled by each further
   * one up to `maxMs`; the actual pause is drawn from the upper half, so that nodes don't retry in step.
   */
  readonly backoff: { readonly firstMs: number; readonly maxMs: number };
}

export interface ChildSpec {
  /** Also the actor's address in a `Ref`. */
  readonly id: string;
  readonly group: string;
  /** Longest time from its start to `ready`; default limits.actorStartMs. */
  readonly startMs?: number;
  /** Longest time from the request to stop to its end. */
  readonly shutdownMs: number;
  /**
   * Longest time for which its thread may not answer before it counts as hung and is ended by force; longer than its
   * longest turn. Default: it isn't watched. On the main thread nothing is.
   */
  readonly hangMs?: number;
  /**
   * False: ending it by force would break the process (uWebSockets.js). When it misses a deadline the process exits
   * with `exitCodes.unstoppable`. Default true.
   */
  readonly terminable?: boolean;
}

/** The supervision tree of a node, as data. Actors start in this order, group by group, and stop in reverse. */
export interface SupervisionTable<Child extends ChildSpec = ChildSpec> {
  readonly groups: readonly GroupSpec[];
  readonly children: readonly Child[];
}

/** Why a node ended, for what watches the process. 0: it was asked to. */
export const exitCodes = {
  /** A group failed more often than its intensity allows, or an actor that was restarted did not become ready. */
  gaveUp: 70,
  /** An actor failed before all of them were ready for the first time. */
  startFailed: 71,
  /** An actor that must not be ended by force missed a deadline. */
  unstoppable: 72,
} as const;

export const startLimitMs = (child: ChildSpec): number => child.startMs ?? limits.actorStartMs;
export const isTerminable = (child: ChildSpec): boolean => child.terminable ?? true;

/** Children in start order. */
export function startOrder<Child extends ChildSpec>(table: SupervisionTable<Child>): Child[] {
  return table.groups.flatMap((group) => table.children.filter((child) => child.group === group.id));
}

/** Refuses a table that can't be meant. */
export function checkTable(table: SupervisionTable): void {
  const groups = new Set(table.groups.map((group) => group.id));
  assert(groups.size === table.groups.length, 'group ids are unique');
  assert(new Set(table.children.map((child) => child.id)).size === table.children.length, 'actor ids are unique');
  for (const { id, intensity, backoff } of table.groups) {
    assert(intensity.restarts >= 0 && intensity.withinMs > 0, `the restart intensity of ${id} is a count and a time`);
    assert(backoff.firstMs >= 0 && backoff.maxMs >= backoff.firstMs, `the back-off of ${id} grows`);
  }
  for (const child of table.children) {
    assert(child.id !== 'main' && child.id !== '', `${child.id} is not an actor's id: main is the supervising thread`);
    assert(groups.has(child.group), `the group ${child.group} of ${child.id} is in the table`);
    assert(
      child.shutdownMs > 0 && startLimitMs(child) > 0 && (child.hangMs ?? 1) > 0,
      `the deadlines of ${child.id} are positive`,
    );
  }
}
