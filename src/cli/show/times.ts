/** Go's zero time, "never" or "not yet", and what children without a schedule have for `next` (dkron-v4 2.4). */
const noTimes: ReadonlySet<string> = new Set(['', '0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z']);

const isTime = (text: string): boolean => !noTimes.has(text);

/** RFC 3339 to the second; empty when there is none. */
export const shownTime = (text: string): string => (isTime(text) ? text.replace(/\.\d+/, '') : '');

/** Between two times; empty unless both are there. */
export function shownDuration(from: string, to: string): string {
  if (!isTime(from) || !isTime(to)) return '';
  const durationMs = Math.max(0, Date.parse(to) - Date.parse(from));
  if (durationMs < 1_000) return `${durationMs} ms`;
  const seconds = Math.floor(durationMs / 1_000);
  if (seconds < 60) return `${(durationMs / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  const [large, small, units] =
    minutes < 60 ? [minutes, seconds % 60, 'm s'] : [Math.floor(minutes / 60), minutes % 60, 'h m'];
  const [largeUnit = '', smallUnit = ''] = units.split(' ');
  return `${large}${largeUnit} ${String(small).padStart(2, '0')}${smallUnit}`;
}
