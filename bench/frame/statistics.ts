/** The middle value; of an even number of values the mean of the two in the middle. At least one value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return (at(sorted, lower) + at(sorted, upper)) / 2;
}

/** The smallest value that is not below `percent` of all values (nearest rank). At least one value; 0 < percent <= 100. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return at(sorted, Math.ceil((percent / 100) * sorted.length) - 1);
}

/** How far repetitions lie apart: (largest - smallest) / median. */
export function spread(values: readonly number[]): number {
  // Not by spreading them into arguments: there may be hundreds of thousands.
  const smallest = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return (largest - smallest) / median(values);
}

function at(sorted: readonly number[], index: number): number {
  const value = sorted[index];
  if (value === undefined) throw new RangeError('statistics need at least one value');
  return value;
}
