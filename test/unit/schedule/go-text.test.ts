import { describe, expect, test } from 'vitest';
import { formatGoDuration, parseGoDuration } from '../../../src/core/schedule/go-duration.ts';
import { quoteAsGo } from '../../../src/core/schedule/go-text.ts';
import { parseRfc3339 } from '../../../src/core/schedule/rfc3339.ts';

describe('durations as Go reads and writes them', () => {
  test.each([
    ['0', 0n, '0s'],
    ['+0', 0n, '0s'],
    ['1s', 1_000_000_000n, '1s'],
    ['1.5h', 5_400_000_000_000n, '1h30m0s'],
    ['-1.5s', -1_500_000_000n, '-1.5s'],
    ['.5m', 30_000_000_000n, '30s'],
    ['1.s', 1_000_000_000n, '1s'],
    ['1µs', 1_000n, '1µs'],
    ['1μs', 1_000n, '1µs'],
    ['1500us', 1_500_000n, '1.5ms'],
    ['7ns', 7n, '7ns'],
    ['1h30m10s', 5_410_000_000_000n, '1h30m10s'],
    ['9223372036854775807ns', 9_223_372_036_854_775_807n, '2562047h47m16.854775807s'],
    ['-9223372036854775808ns', -9_223_372_036_854_775_808n, '-2562047h47m16.854775808s'],
    ['0.3333333333333333333h', 1_200_000_000_000n, '20m0s'],
    ['9007199254.740993ms', 9_007_199_254_740_993n, '2501h59m59.254740993s'],
  ])('%s', (text, nanoseconds, written) => {
    expect(parseGoDuration(text)).toEqual({ ok: true, nanoseconds });
    expect(formatGoDuration(nanoseconds)).toBe(written);
  });

  test.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['.s', 'time: invalid duration ".s"'],
    ['10', 'time: missing unit in duration "10"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1 s', 'time: unknown unit " s" in duration "1 s"'],
    [' 1h', 'time: invalid duration " 1h"'],
    ['--1s', 'time: invalid duration "--1s"'],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
    ['99999999999999999999s', 'time: invalid duration "99999999999999999999s"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
    ['1é"', 'time: unknown unit "\\xc3\\xa9\\"" in duration "1\\xc3\\xa9\\""'],
    ['1日', 'time: unknown unit "\\xe6\\x97\\xa5" in duration "1\\xe6\\x97\\xa5"'],
    ['1\u{1F600}', 'time: unknown unit "\\xf0\\x9f\\x98\\x80" in duration "1\\xf0\\x9f\\x98\\x80"'],
  ])('%s is refused', (text, error) => {
    expect(parseGoDuration(text)).toEqual({ ok: false, error });
  });
});

describe('instants as Go reads RFC 3339', () => {
  test.each([
    ['2024-01-02T03:04:05Z', 1_704_164_645, 0],
    ['2099-01-02T15:04:00.5+02:00', 4_071_042_240, 500_000_000],
    ['2024-01-01T1:00:00Z', 1_704_070_800, 0],
    ['2024-01-01T00:00:00,123Z', 1_704_067_200, 123_000_000],
    ['2024-01-01T00:00:00.1234567891Z', 1_704_067_200, 123_456_789],
    ['2024-01-01T00:00:00+24:60', 1_703_977_200, 0],
    ['0000-01-01T00:00:00Z', -62_167_219_200, 0],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799, 999_999_999],
    ['2024-02-29T00:00:00-00:30', 1_709_166_600, 0],
  ])('%s', (text, seconds, nanos) => {
    expect(parseRfc3339(text)).toEqual({ ok: true, instant: [seconds, nanos] });
  });

  const as = 'as "2006-01-02T15:04:05Z07:00": cannot parse';
  test.each([
    ['', `parsing time "" ${as} "" as "2006"`],
    ['2024', `parsing time "2024" ${as} "" as "-"`],
    ['2024-13-01T00:00:00Z', 'parsing time "2024-13-01T00:00:00Z": month out of range'],
    ['2023-02-29T00:00:00Z', 'parsing time "2023-02-29T00:00:00Z": day out of range'],
    ['2024-01-01T24:00:00Z', 'parsing time "2024-01-01T24:00:00Z": hour out of range'],
    ['2024-01-01T00:60:00Z', 'parsing time "2024-01-01T00:60:00Z": minute out of range'],
    ['2024-01-01T00:00:61Z', 'parsing time "2024-01-01T00:00:61Z": second out of range'],
    ['2024-01-01T00:00:00+25:00', 'parsing time "2024-01-01T00:00:00+25:00": time zone offset hour out of range'],
    ['2024-01-01T00:00:00+26:61', 'parsing time "2024-01-01T00:00:00+26:61": time zone offset minute out of range'],
    ['2024-01-01T00:00:00*01:00', `parsing time "2024-01-01T00:00:00*01:00" ${as} "*01:00" as "Z07:00"`],
    ['2024-01-01T00:00:00', `parsing time "2024-01-01T00:00:00" ${as} "" as "Z07:00"`],
    ['2024-01-01T00:00:00Zx', 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'],
    ['2024-01-01 00:00:00Z', `parsing time "2024-01-01 00:00:00Z" ${as} " 00:00:00Z" as "T"`],
    ['2024-01-01t00:00:00z', `parsing time "2024-01-01t00:00:00z" ${as} "t00:00:00z" as "T"`],
    ['2024-1-01T00:00:00Z', `parsing time "2024-1-01T00:00:00Z" ${as} "1-01T00:00:00Z" as "01"`],
  ])('%s is refused', (text, error) => {
    expect(parseRfc3339(text)).toEqual({ ok: false, error });
  });
});

test('texts are quoted as strconv.Quote does', () => {
  expect(quoteAsGo('a"\\\u0007\b\f\n\r\t\v\u0001\u007f')).toBe('"a\\"\\\\\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f"');
  expect(quoteAsGo('é日\u{1F600}\u00a0\u00ad\u{E0001}\ud800')).toBe('"é日\u{1F600}\\u00a0\\u00ad\\U000e0001\ufffd"');
});
