import { type Entry, type HardState, type VoterId, voterId } from '../core/raft/entry.ts';
import { type LogIndex, logIndex, term } from '../core/units.ts';
import { crc32c } from './crc32c.ts';

/*
 * Records of the log's store (docs/log.md). All numbers are big-endian. Every record starts with
 *   version u8 · kind u8 · reserved u16, zero · checksum u32
 * The checksum (CRC-32C) covers the key too, so that a whole record at a wrong place is found out.
 */
const RECORD_VERSION = 1;
const HEAD_BYTES = 8;
const ID_BYTES = 16;

const ENTRY_KEY_PREFIX = 0x10;
const ENTRY_KEY_BYTES = 9;

/** Keys of the records that exist once. */
export const logKeys = {
  identity: Uint8Array.of(0x01),
  hardState: Uint8Array.of(0x02),
  compacted: Uint8Array.of(0x03),
  /** Before the key of every entry, and after it. */
  firstEntry: Uint8Array.of(ENTRY_KEY_PREFIX),
  afterEntries: Uint8Array.of(ENTRY_KEY_PREFIX + 1),
} as const;

/** Append-only codes of `Entry.kind`. */
const entryKindCodes = { command: 1, barrier: 2 } as const satisfies Record<Entry['kind'], number>;
const NO_KIND = 0;

/** What the disk holds is not what was written. No voter may act on such a log (design P6). */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
}

/** Whose disk this is. */
export interface LogIdentity {
  /** Made with the disk; the voter's name in Raft. */
  readonly storeId: VoterId;
  /** Null until the node has bootstrapped or joined a cluster. */
  readonly cluster: LogCluster | null;
}

export interface LogCluster {
  readonly clusterId: string;
  /** Voters at index 0 of the log. */
  readonly voters: readonly VoterId[];
}

export interface Compacted {
  /** The last deleted entry. */
  readonly index: LogIndex;
  readonly term: Entry['term'];
}

/** Orders like the index. */
export function entryKey(index: LogIndex): Uint8Array {
  const key = new Uint8Array(ENTRY_KEY_BYTES);
  key[0] = ENTRY_KEY_PREFIX;
  writeU64(viewOf(key), 1, index);
  return key;
}

/** `key`: that of the entry's index. */
export function encodeLogEntry(key: Uint8Array, entry: Entry): Uint8Array {
  const record = newRecord(entryKindCodes[entry.kind], 8 + entry.payload.length);
  writeU64(viewOf(record), HEAD_BYTES, entry.term);
  record.set(entry.payload, HEAD_BYTES + 8);
  return seal(key, record);
}

/** The entry at a key of the store; the payload is a copy. Throws `LogDamaged`. */
export function decodeLogEntry(key: Uint8Array, record: Uint8Array): Entry {
  if (key.length !== ENTRY_KEY_BYTES || key[0] !== ENTRY_KEY_PREFIX)
    throw new LogDamaged('a key is not that of an entry');
  const index = logIndex(readU64(viewOf(key), 1));
  const what = `entry ${index}`;
  const code = open(what, key, record);
  const kind = kindOf(code, what);
  demand(record.length >= HEAD_BYTES + 8, `${what} is cut off`);
  const payload = record.slice(HEAD_BYTES + 8);
  return { index, term: term(readU64(viewOf(record), HEAD_BYTES)), kind, payload };
}

function kindOf(code: number, what: string): Entry['kind'] {
  switch (code) {
    case entryKindCodes.command:
      return 'command';
    case entryKindCodes.barrier:
      return 'barrier';
    default:
      throw new LogDamaged(`${what} is of kind ${code}, which this version doesn't know`);
  }
}

export function encodeHardState(state: HardState): Uint8Array {
  const record = newRecord(NO_KIND, 24 + (state.vote === null ? 0 : ID_BYTES));
  const view = viewOf(record);
  writeU64(view, HEAD_BYTES, state.term);
  writeU64(view, HEAD_BYTES + 8, state.commit);
  writeU64(view, HEAD_BYTES + 16, state.last);
  if (state.vote !== null) writeId(record, HEAD_BYTES + 24, state.vote);
  return seal(logKeys.hardState, record);
}

/** Throws `LogDamaged`. */
export function decodeHardState(record: Uint8Array): HardState {
  open('the hard state', logKeys.hardState, record);
  const hasVote = record.length === HEAD_BYTES + 24 + ID_BYTES;
  demand(hasVote || record.length === HEAD_BYTES + 24, 'the hard state has a wrong length');
  const view = viewOf(record);
  return {
    term: term(readU64(view, HEAD_BYTES)),
    commit: logIndex(readU64(view, HEAD_BYTES + 8)),
    last: logIndex(readU64(view, HEAD_BYTES + 16)),
    vote: hasVote ? readId(record, HEAD_BYTES + 24) : null,
  };
}

export function encodeCompacted(compacted: Compacted): Uint8Array {
  const record = newRecord(NO_KIND, 16);
  const view = viewOf(record);
  writeU64(view, HEAD_BYTES, compacted.index);
  writeU64(view, HEAD_BYTES + 8, compacted.term);
  return seal(logKeys.compacted, record);
}

/** Throws `LogDamaged`. */
export function decodeCompacted(record: Uint8Array): Compacted {
  open('the compaction mark', logKeys.compacted, record);
  demand(record.length === HEAD_BYTES + 16, 'the compaction mark has a wrong length');
  const view = viewOf(record);
  return { index: logIndex(readU64(view, HEAD_BYTES)), term: term(readU64(view, HEAD_BYTES + 8)) };
}

/** Store id, then for a member of a cluster its id and the first voters. */
export function encodeIdentity(identity: LogIdentity): Uint8Array {
  const ids = [identity.storeId, ...(identity.cluster === null ? [] : clusterIds(identity.cluster))];
  const record = newRecord(NO_KIND, ids.length * ID_BYTES);
  ids.forEach((id, at) => {
    writeId(record, HEAD_BYTES + at * ID_BYTES, id);
  });
  return seal(logKeys.identity, record);
}

const clusterIds = (cluster: LogCluster): readonly string[] => [cluster.clusterId, ...cluster.voters];

/** Throws `LogDamaged`. */
export function decodeIdentity(record: Uint8Array): LogIdentity {
  open('the identity', logKeys.identity, record);
  const count = (record.length - HEAD_BYTES) / ID_BYTES;
  demand(Number.isInteger(count) && count >= 1 && count !== 2, 'the identity has a wrong length');
  const ids = Array.from({ length: count }, (_, at) => readId(record, HEAD_BYTES + at * ID_BYTES));
  const [storeId, clusterId, ...voters] = ids;
  demand(storeId !== undefined, 'the identity is empty');
  return { storeId, cluster: clusterId === undefined ? null : { clusterId, voters } };
}

function newRecord(kind: number, bodyBytes: number): Uint8Array {
  const record = new Uint8Array(HEAD_BYTES + bodyBytes);
  record[0] = RECORD_VERSION;
  record[1] = kind;
  return record;
}

function seal(key: Uint8Array, record: Uint8Array): Uint8Array {
  viewOf(record).setUint32(4, checksum(key, record));
  return record;
}

/** Checks version and checksum; returns the kind. */
function open(what: string, key: Uint8Array, record: Uint8Array): number {
  demand(record.length >= HEAD_BYTES, `${what} is cut off`);
  const view = viewOf(record);
  demand(view.getUint32(4) === checksum(key, record), `the checksum of ${what} is wrong`);
  demand(view.getUint8(0) === RECORD_VERSION, `${what} has version ${view.getUint8(0)}, which is not known`);
  demand(view.getUint16(2) === 0, `reserved bits of ${what} are set`);
  return view.getUint8(1);
}

/** Of the key and all of the record but the checksum's own field. */
function checksum(key: Uint8Array, record: Uint8Array): number {
  const head = crc32c(record.subarray(0, 4), crc32c(key));
  return crc32c(record.subarray(HEAD_BYTES), head);
}

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new LogDamaged(message);
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value % 0x1_0000_0000);
}

/** Larger than a JavaScript integer can be: nothing of ours. */
function readU64(view: DataView, at: number): number {
  const value = view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
  demand(Number.isSafeInteger(value), 'a number is beyond all bounds');
  return value;
}

function writeId(record: Uint8Array, at: number, id: string): void {
  for (let byte = 0; byte < ID_BYTES; byte += 1)
    record[at + byte] = Number.parseInt(id.slice(byte * 2, byte * 2 + 2), 16);
}

function readId(record: Uint8Array, at: number): VoterId {
  const bytes = [...record.subarray(at, at + ID_BYTES)];
  return voterId(bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/** 128 random bits as an id: 32 hexadecimal digits. `below` draws a uniform integer under its bound. */
export function randomId(below: (boundExclusive: number) => number): string {
  return Array.from({ length: ID_BYTES }, () => below(256).toString(16).padStart(2, '0')).join('');
}
