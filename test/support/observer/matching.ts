/** What one start can be for: a range of the due times, by their places. Empty when `last < first`. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * Gives as many starts as possible a due time of their own. Due times in order; each goes to the start, among those
 * that it suits, that has the fewest later ones left. For ranges this is a maximum matching (Glover 1967).
 * Returns the place of the due time of each start; null: none.
 */
export function maximumMatching(ranges: readonly Range[], dueCount: number): (number | null)[] {
  const beginsAt = new Map<number, number[]>();
  ranges.forEach(({ first, last }, start) => {
    if (last >= first) beginsAt.set(first, [...(beginsAt.get(first) ?? []), start]);
  });
  const matched: (number | null)[] = ranges.map(() => null);
  let open: number[] = [];
  for (let due = 0; due < dueCount; due += 1) {
    open = [...open, ...(beginsAt.get(due) ?? [])].filter((start) => lastOf(ranges, start) >= due);
    const most = open.reduce<number | null>(
      (best, start) => (best === null || lastOf(ranges, start) < lastOf(ranges, best) ? start : best),
      null,
    );
    if (most === null) continue;
    matched[most] = due;
    open = open.filter((start) => start !== most);
  }
  return matched;
}

const lastOf = (ranges: readonly Range[], start: number): number => ranges[start]?.last ?? -1;
