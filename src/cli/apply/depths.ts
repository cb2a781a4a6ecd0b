/**
 * How many ancestors each job has; parents that are not in the map count as none. Jobs on a cycle, or below one, have
 * no depth and are named apart. Chains may be long: no recursion.
 */
export function depthsOf(parents: ReadonlyMap<string, string>): {
  readonly depths: ReadonlyMap<string, number>;
  readonly cyclic: ReadonlySet<string>;
} {
  const depths = new Map<string, number>();
  const cyclic = new Set<string>();
  for (const start of parents.keys()) {
    const path: string[] = [];
    const seen = new Set<string>();
    let name: string | undefined = start;
    while (name !== undefined && parents.has(name) && !depths.has(name) && !cyclic.has(name) && !seen.has(name)) {
      seen.add(name);
      path.push(name);
      name = parents.get(name);
    }
    const endsInCycle = name !== undefined && (seen.has(name) || cyclic.has(name));
    let depth = name === undefined ? -1 : (depths.get(name) ?? -1);
    for (const member of path.reverse()) {
      depth += 1;
      if (endsInCycle) cyclic.add(member);
      else depths.set(member, depth);
    }
  }
  return { depths, cyclic };
}
