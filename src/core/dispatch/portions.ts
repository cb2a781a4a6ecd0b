import type { AssignItem, FinishItem, LaunchItem, MissedItem, ReassignItem } from '../jobs/commands.ts';
import type { Target } from '../jobs/records.ts';
import { limits } from '../limits.ts';

/** Numbers, tags and lengths of an item's encoding, roughly. */
const ITEM_BYTES = 100;
const TARGET_BYTES = 16;

/** Cuts items into lists of about `limits.bytesPerProposal` each, in order; a larger item is alone in its list. */
export function portionsOf<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Item[][] {
  const portions: Item[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const size = bytesOf(item);
    if (bytes + size > limits.bytesPerProposal) {
      portions.push([]);
      bytes = 0;
    }
    portions.at(-1)?.push(item);
    bytes += size;
  }
  return portions;
}

const targetsBytes = (targets: readonly Target[]): number =>
  targets.reduce((sum, { node }) => sum + node.length + TARGET_BYTES, 0);

export const launchesBytes = (items: readonly LaunchItem[]): number =>
  items.reduce((sum, { name, targets }) => sum + ITEM_BYTES + name.length + targetsBytes(targets), 0);
export const missedBytes = (item: MissedItem): number => ITEM_BYTES + item.name.length + item.reason.length;
export const assignBytes = (item: AssignItem): number => ITEM_BYTES + item.job.length + targetsBytes(item.targets);
export const reassignBytes = (item: ReassignItem): number => ITEM_BYTES + item.job.length + item.node.length;
export const finishBytes = (item: FinishItem): number =>
  ITEM_BYTES + item.job.length + item.node.length + item.output.length;
