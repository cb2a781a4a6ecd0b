import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNullableTime, decodeTime, formatInstant } from '../../../src/api/json/time.ts';
import { type Instant, ZERO_INSTANT } from '../../../src/core/units.ts';

const layout = '"2006-01-02T15:04:05Z07:00"';

const shown = (json: string, decode = decodeTime): string => {
  const decoded = decode(json);
  return decoded.ok ? formatInstant(decoded.time.instant, decoded.time.offsetSeconds) : decoded.error;
};

describe('decodeTime, and the text that Go would write again', () => {
  it.each([
    ['"2025-12-19T09:09:00Z"', '2025-12-19T09:09:00Z'],
    ['"2099-01-02T03:04:05.678+02:00"', '2099-01-02T03:04:05.678+02:00'],
    ['"2099-01-02T03:04:05.120000000-09:30"', '2099-01-02T03:04:05.12-09:30'],
    ['"2099-01-02T03:04:05.1234567891Z"', '2099-01-02T03:04:05.123456789Z'],
    ['"2099-01-02T3:04:05Z"', '2099-01-02T03:04:05Z'],
    ['"2099-01-02T03:04:05,5Z"', '2099-01-02T03:04:05.5Z'],
    ['"2099-01-02T03:04:05+00:00"', '2099-01-02T03:04:05Z'],
    ['"0001-01-01T00:00:00Z"', '0001-01-01T00:00:00Z'],
    ['"0000-01-01T00:00:00Z"', '0000-01-01T00:00:00Z'],
    ['"9999-12-31T23:59:59.999999999Z"', '9999-12-31T23:59:59.999999999Z'],
    ['"2024-02-29T00:00:00Z"', '2024-02-29T00:00:00Z'],
    ['"tomorrow"', `parsing time "tomorrow" as ${layout}: cannot parse "tomorrow" as "2006"`],
    ['""', `parsing time "" as ${layout}: cannot parse "" as "2006"`],
    ['"2020-01-01"', `parsing time "2020-01-01" as ${layout}: cannot parse "" as "T"`],
    ['"2020-13-01T00:00:00Z"', 'parsing time "2020-13-01T00:00:00Z": month out of range'],
    ['"2023-02-29T00:00:00Z"', 'parsing time "2023-02-29T00:00:00Z": day out of range'],
    ['"2020-01-01T24:00:00Z"', 'parsing time "2020-01-01T24:00:00Z": hour out of range'],
    ['"2020-01-01T00:00:00Zx"', 'parsing time "2020-01-01T00:00:00Zx": extra text: "x"'],
    ['"2020-01-01t00:00:00Z"', `parsing time "2020-01-01t00:00:00Z" as ${layout}: cannot parse "t00:00:00Z" as "T"`],
    ['"2020-01-01T00:00:00+24:00"', 'timezone hour outside of range [0,23]'],
    ['"9999-12-31T23:59:59-01:00"', 'year outside of range [0,9999]'],
    ['5', 'Time.UnmarshalJSON: input is not a JSON string'],
    ['{}', 'Time.UnmarshalJSON: input is not a JSON string'],
  ])('%s: %s', (json, expected) => {
    expect(shown(json)).toBe(expected);
  });

  it('does not decode escapes, as Go does not', () => {
    expect(shown('"2020-01-01\\u005400:00:00Z"')).toContain('cannot parse');
  });
});

describe('decodeNullableTime', () => {
  it.each([
    ['"2025-12-19T09:09"', '2025-12-19T09:09:00Z'],
    ['"2025-12-19T9:09"', '2025-12-19T09:09:00Z'],
    ['"2025-12-19T09:09:00+01:00"', '2025-12-19T09:09:00+01:00'],
    ['"2025-12-19T09:09:00"', `parsing time "2025-12-19T09:09:00" as ${layout}: cannot parse "" as "Z07:00"`],
    ['"2025-12-19T25:09"', 'parsing time "2025-12-19T25:09": hour out of range'],
    ['"2025-12-19T09"', `parsing time "2025-12-19T09" as ${layout}: cannot parse "" as ":"`],
    ['7', 'Time.UnmarshalJSON: input is not a JSON string'],
  ])('%s: %s', (json, expected) => {
    expect(shown(json, decodeNullableTime)).toBe(expected);
  });
});

describe('formatInstant', () => {
  it('writes the zero time, and zones with seconds in their offset', () => {
    expect(formatInstant(ZERO_INSTANT)).toBe('0001-01-01T00:00:00Z');
    expect(formatInstant([0, 0], -14 * 60 - 44)).toBe('1969-12-31T23:45:16-00:14');
  });

  it('is read back to the same instant', () => {
    const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 - 86_400 });
    const offset = fc.integer({ min: 0, max: 14 * 60 }).map((minutes) => minutes * 60);
    fc.assert(
      fc.property(seconds, fc.nat(999_999_999), offset, (second, nanos, offsetSeconds) => {
        const instant: Instant = [second, nanos];
        const decoded = decodeTime(`"${formatInstant(instant, offsetSeconds)}"`);
        expect(decoded).toEqual({ ok: true, time: { instant, offsetSeconds } });
      }),
    );
  });
});
