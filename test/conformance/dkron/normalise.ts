/**
 * Takes out of an answer what can't be equal twice, and nothing else: the list in the recordings' README. Each rule
 * replaces by pattern, never drops a field, and keeps what it can: the zero time, the form of an instant, which ids
 * are equal to each other, the node's name.
 */

/** A part of the original text that was replaced; `end` is exclusive. */
export interface Masked {
  readonly start: number;
  readonly end: number;
}

export interface Normalised {
  readonly text: string;
  readonly masked: readonly Masked[];
}

/** Instants that are compared as they stand, because they follow from the requests and not from the clock. */
export type FixedInstants = ReadonlySet<string>;

const zeroTime = '0001-01-01T00:00:00Z';
/** The recordings were made in November 2026; what a schedule makes of "now" lies within the years after. */
const firstClockYear = 2026;
const lastClockYear = 2035;

const instantPattern = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})/g;

/** The instants of a recorded answer that the clock did not make: far past, far future, 1970. */
export function fixedInstants(recorded: string): FixedInstants {
  const fixed = new Set<string>([zeroTime]);
  for (const [instant] of recorded.matchAll(instantPattern)) {
    const year = Number(instant.slice(0, 4));
    if (year < firstClockYear || year > lastClockYear) fixed.add(instant);
  }
  return fixed;
}

interface Rule {
  readonly pattern: RegExp;
  /** The replacement of the match, or of its named group `value` where it has one; null: leave it. */
  readonly replace: (value: string, seen: Numbering) => string | null;
}

/** Gives equal values equal numbers, in the order of their first appearance. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  of(kind: string, value: string): number {
    const key = `${kind} ${value}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const next = this.#numbers.size + 1;
    this.#numbers.set(key, next);
    return next;
  }
}

/** Quotes may be escaped: answers are quoted in the outputs of http jobs. White space comes from `pretty`. */
const member = (keys: string, value: string): RegExp =>
  new RegExp(`\\\\*"(?:${keys})\\\\*":\\s?\\\\*"?(?<value>${value})(?=[\\\\",}\\s])`, 'dg');

const protocolNumbers = 'ProtocolMin|ProtocolMax|ProtocolCur|DelegateMin|DelegateMax|DelegateCur';
const serfCounters =
  'coordinate_resets|event_queue|event_time|health_score|intent_queue|member_time|query_queue|query_time';
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const rules = (fixed: FixedInstants): Rule[] => [
  // An execution's id, also as the name of a log file; the node's name behind it stays.
  { pattern: /(?<![\d])(?<value>\d{19})(?=-[a-z])/dg, replace: (value, seen) => `<execution ${seen.of('id', value)}>` },
  { pattern: member('group', '\\d{19}'), replace: (value, seen) => `<group ${seen.of('group', value)}>` },
  { pattern: member('id', uuid), replace: () => '<member>' },
  { pattern: member('next', instantPattern.source), replace: (value) => maskInstant(value, fixed, true) },
  { pattern: instantPattern, replace: (value) => maskInstant(value, fixed, false) },
  { pattern: /127\.0\.0\.1:(?<value>\d{1,5})/dg, replace: () => '<port>' },
  { pattern: member('port|Port', '\\d{1,5}'), replace: () => '<port>' },
  { pattern: member('version', '[^"\\\\]+'), replace: () => '<version>' },
  { pattern: member(protocolNumbers, '\\d+'), replace: () => '<protocol>' },
  { pattern: member(serfCounters, '\\d+'), replace: () => '<counter>' },
];

/** The time of a planned run has whole seconds where Dkron's has; whether an instant is in UTC always counts. */
function maskInstant(instant: string, fixed: FixedInstants, keepFraction: boolean): string | null {
  if (fixed.has(instant)) return null;
  const zone = instant.endsWith('Z') ? 'Z' : '±';
  const fraction = keepFraction && instant.includes('.') ? '.' : '';
  return `<instant${fraction}${zone}>`;
}

/** Replaces what differs between two runs. `fixed` comes from the recorded side, for both sides. */
export function normalise(text: string, fixed: FixedInstants): Normalised {
  const seen = new Numbering();
  const replacements: { start: number; end: number; by: string }[] = [];
  for (const rule of rules(fixed)) {
    for (const match of text.matchAll(rule.pattern)) {
      const [start, end] = match.indices?.groups?.value ?? [match.index, match.index + match[0].length];
      if (replacements.some((other) => start < other.end && other.start < end)) continue;
      const by = rule.replace(text.slice(start, end), seen);
      if (by !== null) replacements.push({ start, end, by });
    }
  }
  replacements.sort((a, b) => a.start - b.start);
  let result = '';
  let position = 0;
  for (const { start, end, by } of replacements) {
    result += text.slice(position, start) + by;
    position = end;
  }
  return { text: result + text.slice(position), masked: replacements.map(({ start, end }) => ({ start, end })) };
}
