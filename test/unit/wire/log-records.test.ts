import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, voterId } from '../../../src/core/raft/entry.ts';
import { logIndex, term } from '../../../src/core/units.ts';
import { crc32c } from '../../../src/wire/crc32c.ts';
import {
  decodeCompacted,
  decodeHardState,
  decodeIdentity,
  decodeLogEntry,
  encodeCompacted,
  encodeHardState,
  encodeIdentity,
  encodeLogEntry,
  entryKey,
  LogDamaged,
  randomId,
} from '../../../src/wire/log-records.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('crc32c', () => {
  it.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
    ['the digits', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(), 0],
  ])('gives the value of RFC 3720 appendix B.4 for %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('agrees with a bitwise computation, in one piece or in two', () => {
    const bitwise = (bytes: Uint8Array): number => {
      let crc = 0xffffffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
      return ~crc >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        expect(crc32c(bytes)).toBe(bitwise(bytes));
        expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
      }),
    );
  });
});

const index = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(logIndex);
const anyTerm = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(term);
const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => voterId(hex(bytes)));
const entry: fc.Arbitrary<Entry> = fc.record({
  index,
  term: anyTerm,
  kind: fc.constantFrom('command', 'barrier'),
  payload: fc.uint8Array({ maxLength: 200 }),
});

describe('records of the log', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(entry, id, fc.array(id, { maxLength: 7 }), fc.boolean(), (written, one, voters, isMember) => {
        const key = entryKey(written.index);
        expect(decodeLogEntry(key, encodeLogEntry(key, written))).toEqual(written);
        const hardState = {
          term: written.term,
          vote: isMember ? one : null,
          commit: written.index,
          last: written.index,
        };
        expect(decodeHardState(encodeHardState(hardState))).toEqual(hardState);
        const compacted = { index: written.index, term: written.term };
        expect(decodeCompacted(encodeCompacted(compacted))).toEqual(compacted);
        const cluster = isMember ? { clusterId: one, voters: [one, ...voters] } : null;
        const identity = { storeId: one, cluster };
        expect(decodeIdentity(encodeIdentity(identity))).toEqual(identity);
      }),
    );
  });

  it('order by their keys as by their indexes', () => {
    fc.assert(
      fc.property(index, index, (a, b) => {
        expect(Math.sign(Buffer.compare(entryKey(a), entryKey(b)))).toBe(Math.sign(a - b));
      }),
    );
  });

  it('are refused with any byte changed, cut anywhere, or at another place', () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.integer({ min: 1, max: 255 }), index, (written, position, change, elsewhere) => {
        const key = entryKey(written.index);
        const record = encodeLogEntry(key, written);
        const at = position % record.length;
        const changed = record.with(at, (record[at] ?? 0) ^ change);
        expect(() => decodeLogEntry(key, changed)).toThrow(LogDamaged);
        expect(() => decodeLogEntry(key, record.subarray(0, at))).toThrow(LogDamaged);
        fc.pre(elsewhere !== written.index);
        expect(() => decodeLogEntry(entryKey(elsewhere), record)).toThrow(LogDamaged);
      }),
    );
  });

  it('have the bytes that version 1 wrote: they must be readable for ever', () => {
    const key = entryKey(logIndex(258));
    const one: Entry = { index: logIndex(258), term: term(3), kind: 'command', payload: Uint8Array.of(1, 2, 3) };
    expect(hex(key)).toBe('100000000000000102');
    expect(hex(encodeLogEntry(key, one))).toBe('010100007fbf29dd0000000000000003010203');
    const vote = voterId('000102030405060708090a0b0c0d0e0f');
    const hardState = { term: term(3), vote, commit: logIndex(257), last: logIndex(258) };
    expect(hex(encodeHardState(hardState))).toBe(
      '0100000035ca1a45000000000000000300000000000001010000000000000102000102030405060708090a0b0c0d0e0f',
    );
    expect(hex(encodeCompacted({ index: logIndex(7), term: term(2) }))).toBe(
      '01000000c85caff600000000000000070000000000000002',
    );
    const cluster = { clusterId: 'ffeeddccbbaa99887766554433221100', voters: [vote] };
    expect(hex(encodeIdentity({ storeId: vote, cluster }))).toBe(
      '010000002c3f3cf4000102030405060708090a0b0c0d0e0fffeeddccbbaa99887766554433221100000102030405060708090a0b0c0d0e0f',
    );
  });

  it('draws ids of 128 bits', () => {
    let draws = 0;
    const drawn = randomId((bound) => {
      draws += 1;
      return (draws * 37) % bound;
    });
    expect(drawn).toMatch(/^[0-9a-f]{32}$/);
    expect(draws).toBe(16);
  });
});
