export type MemoryLimit =
  /** Null: no limit (empty text). */
  | { readonly ok: true; readonly bytes: bigint | null }
  /** Dkron's detail, without the words that the place of use puts before it. */
  | { readonly ok: false; readonly error: string };

const kilobyte = 1_024;
const bytesOfUnit: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['BYTES', 1],
  ['K', kilobyte],
  ['KB', kilobyte],
  ['M', kilobyte ** 2],
  ['MB', kilobyte ** 2],
  ['G', kilobyte ** 3],
  ['GB', kilobyte ** 3],
  ['T', kilobyte ** 4],
  ['TB', kilobyte ** 4],
]);

const largestInteger = (1n << 63n) - 1n;

/**
 * Reads `mem_limit` as Dkron does (dkron-v4 2.6.1): bytes as a positive integer, or a decimal number with a unit,
 * in any case: `512mb`, `1.5GB`.
 */
export function parseMemoryLimit(text: string): MemoryLimit {
  if (text === '') return { ok: true, bytes: null };
  const plain = /^[+-]?[0-9]+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : null;
  if (plain !== null && plain <= largestInteger && plain >= -largestInteger - 1n) {
    return plain > 0n ? { ok: true, bytes: plain } : notPositive;
  }
  const limit = upperCase(text.trim());
  const number = /^[0-9.]*/.exec(limit)?.[0] ?? '';
  if (number === '') return failure(`invalid memory limit format: ${limit}`);
  const value = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(number) ? Number(number) : Number.NaN;
  if (!Number.isFinite(value)) return failure(`invalid numeric value in memory limit: ${number}`);
  if (value <= 0) return notPositive;
  const unit = limit.slice(number.length);
  const bytesPerUnit = bytesOfUnit.get(unit);
  if (bytesPerUnit === undefined) {
    return failure(`unsupported memory unit: ${unit} (supported: B, KB, MB, GB, TB)`);
  }
  const bytes = BigInt(Math.trunc(Math.min(value * bytesPerUnit, Number.MAX_VALUE)));
  if (bytes <= 0n || bytes > largestInteger) return failure('memory limit too large or causes overflow');
  return { ok: true, bytes };
}

const failure = (error: string): MemoryLimit => ({ ok: false, error });
const notPositive = failure('memory limit must be greater than 0');

/** Go maps each character alone: one that would become several stays as it is. */
function upperCase(text: string): string {
  return Array.from(text, (character) => {
    const upper = character.toUpperCase();
    return Array.from(upper).length === 1 ? upper : character;
  }).join('');
}
