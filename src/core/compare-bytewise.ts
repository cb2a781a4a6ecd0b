/** Order of UTF-8 bytes: that of code points, which JavaScript's own comparison (UTF-16) is not. */
export function compareBytewise(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** The keys of a map in that order. Most maps have few keys, and many are in order: sorting is what costs. */
export function sortedKeys(map: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(map);
  for (let index = 1; index < keys.length; index += 1) {
    if (compareBytewise(keys[index - 1] ?? '', keys[index] ?? '') > 0) return keys.sort(compareBytewise);
  }
  return keys;
}

/** Surrogates stand for code points above all others of the basic plane. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
