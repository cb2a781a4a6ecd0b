import { assertNever } from '../core/assert.ts';
import type { StringMap } from '../core/jobs/records.ts';
import {
  type CatchupDraft,
  defaultCatchup,
  defaultRetention,
  defaultRetry,
  emptyDraft,
  type JobDraft,
  type RetentionDraft,
  type RetryDraft,
} from './job-draft.ts';
import { type JobField, jobFields } from './job-fields.ts';
import { Cursor, type JsonKind } from './json/cursor.ts';
import { scanDocument, scanValue } from './json/scanner.ts';
import { type DecodedTime, decodeNullableTime, decodeTime, type ZonedInstant } from './json/time.ts';

/** `error` is Go's sentence. */
export type Decoded<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: string };

/** The first JSON value of a request body as a job; what follows it is ignored, as Dkron does (dkron-v4 1.5). */
export function decodeJob(body: Uint8Array): Decoded<JobDraft> {
  const scan = scanValue(body);
  if (!scan.ok) return scan;
  const draft = emptyDraft('allow');
  return decoding(body, draft, (decoder) => decoder.job(draft));
}

/** The file of a restore: an array of jobs, nothing behind it. Dkron sets no default for `concurrency` here. */
export function decodeJobs(file: Uint8Array): Decoded<readonly JobDraft[]> {
  const scan = scanDocument(file);
  if (!scan.ok) return scan;
  const drafts: JobDraft[] = [];
  return decoding(file, drafts, (decoder) => decoder.jobs(drafts));
}

function decoding<Value>(json: Uint8Array, value: Value, run: (decoder: JobDecoder) => void): Decoded<Value> {
  const decoder = new JobDecoder(json);
  try {
    run(decoder);
  } catch (error) {
    if (error instanceof DecodeAborted) return { ok: false, error: error.message };
    throw error;
  }
  return decoder.firstError === null ? { ok: true, value } : { ok: false, error: decoder.firstError };
}

/** A time that can't be read ends the decoding at once in Go; a value of a wrong type does not. Stays in this module. */
class DecodeAborted extends Error {}

/** Where a value goes: the path from the job, as Go names it in errors (empty: the job), and Go's type there. */
interface Place {
  readonly field: string;
  readonly type: string;
}

const MAX_INT64 = (1n << 63n) - 1n;
const MAX_UINT64 = (1n << 64n) - 1n;
const LONGEST_INTEGER = 20;

/** Go compares keys after simple case folding; besides ASCII letters, only these two fold to ASCII ones. */
const foldCase = (key: string): string =>
  key
    .replace(/\u017f/g, 's')
    .replace(/\u212a/g, 'k')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());

class JobDecoder {
  readonly #cursor: Cursor;
  /** Go remembers the first value of a wrong type and goes on. */
  firstError: string | null = null;

  constructor(json: Uint8Array) {
    this.#cursor = new Cursor(json);
  }

  jobs(into: JobDraft[]): void {
    if (!this.#expect('array', { field: '', type: '[]*dkron.Job' })) return;
    this.#cursor.elements(() => {
      if (this.#cursor.kind() === 'null') throw new DecodeAborted('null is not a job');
      const draft = emptyDraft('');
      this.job(draft);
      into.push(draft);
    });
  }

  /** Keys match exactly or, failing that, regardless of case; unknown ones are skipped; `null` leaves all as it is. */
  job(draft: JobDraft): void {
    if (!this.#expect('object', { field: '', type: 'dkron.Job' })) return;
    this.#cursor.members((key) => {
      const name = jobFields.has(key) ? key : foldCase(key);
      const field = jobFields.get(name);
      if (field === undefined) this.#cursor.skip();
      else this.#field(draft, name, field);
    });
  }

  #field(draft: JobDraft, name: string, field: JobField): void {
    switch (field.kind) {
      case 'text':
        draft[field.key] = this.#text(name, draft[field.key]);
        return;
      case 'boolean':
        draft[field.key] = this.#boolean(name, draft[field.key]);
        return;
      case 'integer':
        draft[field.key] = this.#integer({ field: name, type: field.goType }, draft[field.key]);
        return;
      case 'nullableInteger':
        draft[field.key] = this.#nullableInteger(name, draft[field.key]);
        return;
      case 'time':
        if (this.#cursor.kind() === 'null') this.#cursor.skip();
        else draft[field.key] = this.#time(decodeTime);
        return;
      case 'nullableTime':
        draft[field.key] = this.#takeNull() ? null : this.#time(decodeNullableTime);
        return;
      case 'stringMap':
        draft[field.key] = this.#stringMap({ field: name, type: field.goType }, draft[field.key]);
        return;
      case 'processors':
        draft.processors = this.#processors(name, draft.processors);
        return;
      case 'dependentJobs':
        draft.dependentJobs = this.#strings(name, draft.dependentJobs);
        return;
      case 'catchup':
        draft.catchup = this.#catchup(name, draft.catchup);
        return;
      case 'retry':
        draft.retry = this.#retry(name, draft.retry);
        return;
      case 'retention':
        draft.retention = this.#retention(name, draft.retention);
        return;
      default:
        assertNever(field);
    }
  }

  #text(field: string, before: string): string {
    return this.#expect('string', { field, type: 'string' }) ? this.#cursor.string() : before;
  }

  #boolean(field: string, before: boolean): boolean {
    return this.#expect('bool', { field, type: 'bool' }) ? this.#cursor.boolean() : before;
  }

  #integer(place: Place, before: bigint): bigint {
    if (!this.#expect('number', place)) return before;
    const text = this.#cursor.number();
    const isSigned = place.type === 'int';
    const isInteger = text.length <= LONGEST_INTEGER && (isSigned ? /^-?[0-9]+$/ : /^[0-9]+$/).test(text);
    const value = isInteger ? BigInt(text) : null;
    const [least, most] = isSigned ? [-MAX_INT64 - 1n, MAX_INT64] : [0n, MAX_UINT64];
    if (value !== null && value >= least && value <= most) return value;
    this.#wrongType(`number ${text}`, place);
    return before;
  }

  #nullableInteger(field: string, before: bigint | null): bigint | null {
    return this.#takeNull() ? null : this.#integer({ field, type: 'int' }, before ?? 0n);
  }

  #time(decode: (literal: string) => DecodedTime): ZonedInstant {
    const decoded = decode(this.#cursor.raw());
    if (!decoded.ok) throw new DecodeAborted(decoded.error);
    return decoded.time;
  }

  #stringMap(place: Place, before: StringMap | null): StringMap | null {
    if (this.#takeNull()) return null;
    if (!this.#expect('object', place)) return before;
    return this.#mapMembers(before, () => this.#text(place.field, ''));
  }

  #processors(field: string, before: JobDraft['processors']): JobDraft['processors'] {
    if (this.#takeNull()) return null;
    if (!this.#expect('object', { field, type: 'map[string]plugin.Config' })) return before;
    return this.#mapMembers(before, () => this.#stringMap({ field, type: 'plugin.Config' }, null));
  }

  /** A second map under the same key adds to the first, as Go does. */
  #mapMembers<Value>(before: Readonly<Record<string, Value>> | null, read: () => Value): Record<string, Value> {
    const map: Record<string, Value> = Object.assign(Object.create(null), before);
    this.#cursor.members((key) => {
      map[key] = read();
    });
    return map;
  }

  #strings(field: string, before: readonly string[] | null): readonly string[] | null {
    if (this.#takeNull()) return null;
    if (!this.#expect('array', { field, type: '[]string' })) return before;
    const list: string[] = [];
    this.#cursor.elements(() => {
      list.push(this.#text(field, before?.[list.length] ?? ''));
    });
    return list;
  }

  #catchup(field: string, before: CatchupDraft | null): CatchupDraft | null {
    const draft = before ?? defaultCatchup();
    return this.#policy(field, before, draft, [
      ['policy', (place) => (draft.policy = this.#text(place, draft.policy))],
      ['window', (place) => (draft.window = this.#text(place, draft.window))],
      ['cap', (place) => (draft.cap = this.#integer({ field: place, type: 'int' }, draft.cap))],
    ]);
  }

  #retry(field: string, before: RetryDraft | null): RetryDraft | null {
    const draft = before ?? defaultRetry();
    return this.#policy(field, before, draft, [
      ['interval', (place) => (draft.interval = this.#text(place, draft.interval))],
      ['backoff', (place) => (draft.backoff = this.#integer({ field: place, type: 'int' }, draft.backoff))],
      ['max_interval', (place) => (draft.maxInterval = this.#text(place, draft.maxInterval))],
    ]);
  }

  #retention(field: string, before: RetentionDraft | null): RetentionDraft | null {
    const draft = before ?? defaultRetention();
    return this.#policy(field, before, draft, [
      ['count', (place) => (draft.count = this.#integer({ field: place, type: 'int' }, draft.count))],
      ['age', (place) => (draft.age = this.#takeNull() ? null : this.#text(place, draft.age ?? ''))],
    ]);
  }

  /** An object of Carillon's own. Unlike those of Dkron it refuses unknown keys: a misspelt one would do nothing. */
  #policy<Draft>(
    field: string,
    before: Draft | null,
    draft: Draft,
    keys: readonly (readonly [key: string, take: (place: string) => void])[],
  ): Draft | null {
    if (this.#takeNull()) return null;
    if (!this.#expect('object', { field, type: field })) return before;
    this.#cursor.members((key) => {
      const name = foldCase(key);
      const take = keys.find(([known]) => known === name)?.[1];
      if (take !== undefined) return take(`${field}.${name}`);
      this.#cursor.skip();
      this.firstError ??= `unknown key ${JSON.stringify(key)} in ${field}, which takes ${keys.map(([known]) => known).join(', ')}`;
    });
    return draft;
  }

  /** True: the value is of that kind and is to be taken. Otherwise it was skipped; `null` is no error. */
  #expect(wanted: JsonKind, place: Place): boolean {
    const kind = this.#cursor.kind();
    if (kind === wanted) return true;
    this.#cursor.skip();
    if (kind !== 'null') this.#wrongType(kind, place);
    return false;
  }

  #wrongType(value: string, { field, type }: Place): void {
    const target = field === '' ? `Go value of type ${type}` : `Go struct field Job.${field} of type ${type}`;
    this.firstError ??= `json: cannot unmarshal ${value} into ${target}`;
  }

  #takeNull(): boolean {
    if (this.#cursor.kind() !== 'null') return false;
    this.#cursor.skip();
    return true;
  }
}
