import type { ExecutionRecord, JobRecord, LaunchNote, UnplacedWork } from '../../../src/core/jobs/records.ts';
import type { StoreWrite } from '../../../src/runtime/ports.ts';
import type { SimulatedDisk } from '../../../src/runtime/simulation/store.ts';
import { keyText, type Table, tables } from '../../../src/wire/state-keys.ts';
import { decodeExecution, decodeJob, decodeNote, decodeWork } from '../../../src/wire/state-records.ts';

/** What the state shows of one job. */
export interface JobHistory {
  readonly job: JobRecord;
  readonly executions: readonly ExecutionRecord[];
  readonly notes: readonly LaunchNote[];
  /** Work that waits for its time, or its turn. */
  readonly work: readonly UnplacedWork[];
}

/** Records in the order of their keys. */
class Records<Value> {
  readonly values: Value[] = [];
  readonly #keys: string[] = [];
  readonly #decode: (bytes: Uint8Array) => Value;

  constructor(decode: (bytes: Uint8Array) => Value) {
    this.#decode = decode;
  }

  write(key: string, bytes: Uint8Array | null): void {
    // Nearly always it is one of the last.
    let at = this.#keys.length;
    while (at > 0 && (this.#keys[at - 1] ?? '') >= key) at -= 1;
    const known = this.#keys[at] === key ? 1 : 0;
    if (bytes === null) {
      this.#keys.splice(at, known);
      this.values.splice(at, known);
    } else {
      this.#keys.splice(at, known, key);
      this.values.splice(at, known, this.#decode(bytes));
    }
  }
}

class JobRecords {
  job: JobRecord | null = null;
  readonly executions = new Records(decodeExecution);
  readonly notes = new Records(decodeNote);
  readonly work = new Records(decodeWork);
}

/** What is stored of each job, kept up with each commit, so that it can be looked at after every event. */
export class Mirror {
  readonly #jobs = new Map<string, JobRecords>();
  #touched = new Set<string>();

  constructor(disk: SimulatedDisk) {
    disk.onWritten = (store, writes) => {
      if (store === 'state') for (const write of writes) this.#take(write);
    };
  }

  /** Undefined: there is no such job. */
  history(name: string): JobHistory | undefined {
    const records = this.#jobs.get(name);
    if (records === undefined || records.job === null) return undefined;
    const { job, executions, notes, work } = records;
    return { job, executions: executions.values, notes: notes.values, work: work.values };
  }

  touch(name: string): void {
    this.#touched.add(name);
  }

  get isTouched(): boolean {
    return this.#touched.size > 0;
  }

  /** Names of the jobs of which something was written since it was asked last. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  #take({ key, value }: StoreWrite): void {
    const is = (table: Table): boolean => key[0] === tables[table];
    if (is('jobs')) this.#of(keyText(key)).job = value === null ? null : decodeJob(value);
    else if (is('executions')) this.#ofRecord(key, (records, text) => records.executions.write(text, value));
    else if (is('notes')) this.#ofRecord(key, (records, text) => records.notes.write(text, value));
    else if (is('work')) this.#ofRecord(key, (records, text) => records.work.write(text, value));
  }

  #ofRecord(key: Uint8Array, write: (records: JobRecords, key: string) => void): void {
    const text = keyText(key);
    write(this.#of(text.slice(0, text.indexOf('\0'))), text);
  }

  #of(name: string): JobRecords {
    this.#touched.add(name);
    let records = this.#jobs.get(name);
    if (records === undefined) {
      records = new JobRecords();
      this.#jobs.set(name, records);
    }
    return records;
  }
}
