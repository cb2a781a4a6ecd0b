/** Nanoseconds a unit of Go's duration syntax stands for; both micro signs are accepted (time.ParseDuration). */
const nanosecondsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const largest = (1n << 63n) - 1n;
/** No duration worth writing is longer; keeps the work per text small. */
const longestText = 256;
const piece = /^(\d*)(?:\.(\d*))?([^\d.]*)/;

export type GoDuration =
  | { readonly ok: true; readonly nanoseconds: bigint }
  | { readonly ok: false; readonly message: string };

/** Reads a duration as Go's time.ParseDuration does (`1h30m`, `-1.5s`, `0`), with Go's error texts. */
export function parseGoDuration(text: string): GoDuration {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return { ok: true, nanoseconds: 0n };
  if (unsigned === '' || unsigned.length > longestText) return invalid(text);
  let total = 0n;
  let rest = unsigned;
  while (rest !== '') {
    const match = piece.exec(rest);
    const whole = match?.[1] ?? '';
    const fraction = match?.[2] ?? '';
    const unit = match?.[3] ?? '';
    if (match === null || (whole === '' && fraction === '')) return invalid(text);
    if (unit === '') return { ok: false, message: `time: missing unit in duration ${quote(text)}` };
    const scale = Object.hasOwn(nanosecondsPerUnit, unit) ? nanosecondsPerUnit[unit] : undefined;
    if (scale === undefined) {
      return { ok: false, message: `time: unknown unit ${quote(unit)} in duration ${quote(text)}` };
    }
    total += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
    if (total > largest) return invalid(text);
    rest = rest.slice(match[0].length);
  }
  return { ok: true, nanoseconds: text.startsWith('-') ? -total : total };
}

const quote = (text: string): string => JSON.stringify(text);

const invalid = (text: string): GoDuration => ({ ok: false, message: `time: invalid duration ${quote(text)}` });
