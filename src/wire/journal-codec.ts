import { assertNever } from '../core/assert.ts';
import type {
  JournalContents,
  JournalEntry,
  JournalWrite,
  WorkEnd,
  WorkProcess,
} from '../core/dispatch/worker-types.ts';
import { type ExecutionId, epoch, jobName, type Term, term, wallNs } from '../core/units.ts';
import type { StoreWrite } from '../runtime/ports.ts';
import { FieldReader } from './fields.ts';
import { DecodeError, decodePlain, encodeStored, type Plain } from './msgpack.ts';

/** First field of every record; higher ones were written by a later Carillon. */
const formatVersion = 1;

/** Keys of the worker's journal (the `work` store): two fixed ones, and one per execution. */
const lifeKey = Uint8Array.of(0x01);
const termKey = Uint8Array.of(0x02);
const executionPrefix = 0x10;

export function journalWrite(write: JournalWrite): StoreWrite {
  switch (write.type) {
    case 'life':
      return { key: lifeKey, value: encodeStored([formatVersion, write.epoch, write.bootId, write.since]) };
    case 'term':
      return { key: termKey, value: encodeStored([formatVersion, write.term]) };
    case 'entry':
      return { key: executionKey(write.entry.id), value: encodeStored(plainEntry(write.entry)) };
    case 'forget':
      return { key: executionKey(write.id), value: null };
    default:
      return assertNever(write);
  }
}

/** All records of a journal, in the order of their keys: of execution ids, that of their starts. Raises `DecodeError`. */
export function readJournal(records: Iterable<readonly [key: Uint8Array, value: Uint8Array]>): JournalContents {
  const entries: JournalEntry[] = [];
  let life: Pick<JournalContents, 'epoch' | 'bootId' | 'since'> = { epoch: epoch(0), bootId: '', since: epoch(0) };
  let highest: Term = term(0);
  for (const [key, value] of records) {
    const reader = new FieldReader(decodePlain(value), 'journal record');
    const version = reader.number();
    if (version !== formatVersion) throw new DecodeError(`journal record of unknown version ${version}`);
    if (key[0] === executionPrefix) entries.push(readEntry(reader));
    else if (key[0] === lifeKey[0]) life = readLife(reader);
    else if (key[0] === termKey[0]) highest = term(reader.number());
    else throw new DecodeError(`journal record of unknown kind ${key[0]}`);
  }
  return { ...life, term: highest, entries };
}

function readLife(reader: FieldReader): Pick<JournalContents, 'epoch' | 'bootId' | 'since'> {
  return { epoch: epoch(reader.number()), bootId: reader.string(), since: epoch(reader.number()) };
}

function executionKey(id: ExecutionId): Uint8Array {
  const name = Buffer.from(id);
  const key = new Uint8Array(name.length + 1);
  key[0] = executionPrefix;
  key.set(name, 1);
  return key;
}

function plainEntry({ id, job, executor, startedAtNs, process, end }: JournalEntry): Plain {
  return [
    formatVersion,
    id,
    executor,
    startedAtNs,
    process === null ? null : [process.pid, process.startTicks, process.bootId],
    end === null ? null : [end.finishedAtNs, end.success, end.output, end.droppedBytes],
    job,
  ];
}

function readEntry(reader: FieldReader): JournalEntry {
  const fields = {
    // The brand is what was written: ids come from the journal as they went in.
    id: reader.string() as ExecutionId,
    executor: reader.string(),
    startedAtNs: wallNs(reader.bigint()),
    process: reader.nullable(readProcess),
    end: reader.nullable(readEnd),
  };
  const job = reader.remaining === 0 ? null : reader.nullable((field) => jobName(field.string()));
  return { ...fields, job };
}

function readProcess(reader: FieldReader): WorkProcess {
  const fields = reader.tuple('process');
  return { pid: fields.number(), startTicks: fields.number(), bootId: fields.string() };
}

function readEnd(reader: FieldReader): WorkEnd {
  const fields = reader.tuple('end');
  return {
    finishedAtNs: wallNs(fields.bigint()),
    success: fields.boolean(),
    output: fields.bytes(),
    droppedBytes: fields.number(),
  };
}
