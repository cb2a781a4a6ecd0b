import type { StringMap, Target } from '../jobs/records.ts';
import type { Epoch, NodeName } from '../units.ts';

/** A node that could run work: alive, in this server's region, with a live link and a known epoch. */
export interface Worker {
  readonly node: NodeName;
  readonly epoch: Epoch;
  readonly tags: StringMap;
  /** Executions that it runs at once (`--max-executions`); not there: any number. */
  readonly maxExecutions?: number;
}

/** By this tag a node says how many executions it runs at once. */
export const maxExecutionsTag = 'max_executions';

/** A worker by what its node says of itself. */
export function workerOf(node: NodeName, epoch: Epoch, tags: StringMap): Worker {
  const most = Number(tags[maxExecutionsTag] ?? '');
  return Number.isSafeInteger(most) && most > 0 ? { node, epoch, tags, maxExecutions: most } : { node, epoch, tags };
}

/** Uniform integers; seeded in simulation. */
export interface Chooser {
  below(boundExclusive: number): number;
}

/** No limit on the number of nodes. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

interface TagQuery {
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly cardinality: number;
}

/**
 * Dkron's tag values `value[:count]` (dkron-v4 4.2): exactly two parts carry a count, an unreadable count is 0, the
 * smallest count of all tags holds.
 */
export function parseTags(tags: StringMap | null): TagQuery {
  let cardinality = UNLIMITED;
  const clean = Object.entries(tags ?? {}).map(([key, raw]) => {
    const parts = raw.split(':');
    if (parts.length === 2) cardinality = Math.min(cardinality, parseCount(parts[1] ?? ''));
    return [key, parts[0] ?? ''] as const;
  });
  return { tags: clean, cardinality };
}

/** As Go reads an integer: one beyond 64 bits is unreadable, and so 0. */
function parseCount(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) return 0;
  const count = Number(text);
  return Math.abs(count) < 2 ** 63 ? count : 0;
}

/** The nodes that a job's tags ask for; when more qualify than are wanted, at random of those with room, then of others. */
export function chooseTargets(
  workers: readonly Worker[],
  tags: StringMap | null,
  chooser: Chooser,
  isFull: (worker: Worker) => boolean = () => false,
): Target[] {
  const query = parseTags(tags);
  const qualifying = workers.filter((worker) => query.tags.every(([key, value]) => worker.tags[key] === value));
  const wanted = Math.max(0, Math.min(query.cardinality, qualifying.length));
  if (wanted === qualifying.length) return qualifying.map(targetOf);
  const free = qualifying.filter((worker) => !isFull(worker));
  const chosen = pick(free, Math.min(wanted, free.length), chooser);
  if (chosen.length === wanted) return chosen.map(targetOf);
  return [...chosen, ...pick(qualifying.filter(isFull), wanted - chosen.length, chooser)].map(targetOf);
}

const targetOf = ({ node, epoch }: Worker): Target => ({ node, epoch });

function pick(workers: readonly Worker[], wanted: number, chooser: Chooser): Worker[] {
  const shuffled = [...workers];
  for (let index = 0; index < wanted && wanted < shuffled.length; index += 1) {
    const other = index + chooser.below(shuffled.length - index);
    const swapped = shuffled[other];
    const here = shuffled[index];
    if (swapped === undefined || here === undefined) break;
    shuffled[index] = swapped;
    shuffled[other] = here;
  }
  return shuffled.slice(0, wanted);
}
