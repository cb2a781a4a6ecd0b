const secondMs = 1_000;
const fieldNames = ['second', 'minute', 'hour', 'day', 'month', 'weekday'] as const;

/**
 * The due times of a schedule in [fromMs, toMs], found by trying every second: slow, and nothing of it is shared with
 * the product. Knows `@every <n>s`, whose phase is that of `anchorMs`, `@at <time>`, and cron of six fields in UTC with
 * numbers, `*`, lists, ranges and steps.
 */
export function dueTimesByHand(schedule: string, fromMs: number, toMs: number, anchorMs: number): number[] {
  const isDue = dueTest(schedule, anchorMs);
  const found: number[] = [];
  for (let atMs = Math.ceil(fromMs / secondMs) * secondMs; atMs <= toMs; atMs += secondMs) {
    if (isDue(atMs)) found.push(atMs);
  }
  return found;
}

function dueTest(schedule: string, anchorMs: number): (atMs: number) => boolean {
  const every = /^@every (\d+)s$/.exec(schedule);
  if (every !== null) {
    const periodMs = Number(every[1]) * secondMs;
    const phaseMs = Math.floor(anchorMs / secondMs) * secondMs;
    return (atMs) => atMs > phaseMs && (atMs - phaseMs) % periodMs === 0;
  }
  const at = /^@at (.+)$/.exec(schedule);
  if (at !== null) return (atMs) => Math.ceil(Date.parse(at[1] ?? '') / secondMs) * secondMs === atMs;
  const fields = schedule.split(' ');
  if (fields.length !== fieldNames.length) throw new Error(`the observer can't read the schedule ${schedule}`);
  return (atMs) => {
    const date = new Date(atMs);
    const values = [
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth() + 1,
      date.getUTCDay(),
    ];
    return fields.every((field, place) => field.split(',').some((term) => matches(term, values[place] ?? -1)));
  };
}

function matches(term: string, value: number): boolean {
  const parsed = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(term);
  if (parsed === null) throw new Error(`the observer can't read ${term} in a schedule`);
  const [, from, to, step] = parsed;
  const first = from === undefined ? 0 : Number(from);
  const last = to !== undefined ? Number(to) : from === undefined || step !== undefined ? 59 : first;
  return value >= first && value <= last && (value - first) % Number(step ?? '1') === 0;
}
