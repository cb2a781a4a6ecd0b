import type { Placement } from './router.ts';
import { checkTable, type SupervisionTable } from './supervision.ts';

/** The thread that supervises; also the id of the actor by which code outside of actors speaks to them. */
export const MAIN = 'main';

/** `threads`: each actor on a thread of its own. `compact`: all on the main thread; an actor can't tell. */
export type PlacementKind = 'threads' | 'compact';

/** Which thread hosts which actor of the table. */
export function placeActors(table: SupervisionTable, kind: PlacementKind): Placement {
  checkTable(table);
  const placed = table.children.map(({ id }) => [id, kind === 'compact' ? MAIN : id] as const);
  return new Map([[MAIN, MAIN], ...placed]);
}
