import { decodeJob } from '../../api/job-decoder.ts';
import { submittedJob } from '../../api/job-draft.ts';
import { type JobRules, validateJob } from '../../api/job-rules.ts';
import { formatInstant } from '../../api/json/time.ts';
import { isJsonObject, type JsonObject } from '../client/json.ts';

/** What the server computes: never compared, never sent. */
const computedKeys: ReadonlySet<string> = new Set([
  'id',
  'success_count',
  'error_count',
  'last_success',
  'last_error',
  'status',
  'next',
  'dependent_jobs',
]);

export const isComputedKey = (key: string): boolean => computedKeys.has(key);

/**
 * What a job was defined as, in one form whatever way it was written: a JSON text for each path
 * (`executor_config.command`), nothing for what is empty, defaults filled in. Read by the decoder of the API itself, so
 * that two jobs are equal here exactly when the server would keep the same.
 */
export type Definition = ReadonlyMap<string, string>;

export interface Change {
  /** Path of the value. */
  readonly key: string;
  /** As JSON; null: not there. */
  readonly before: string | null;
  readonly after: string | null;
}

export type ReadDefinition =
  | { readonly ok: true; readonly definition: Definition }
  | { readonly ok: false; readonly error: string };

/** `rules` null: the job comes from a server, which has checked it. */
export function readDefinition(job: JsonObject, rules: JobRules | null): ReadDefinition {
  const decoded = decodeJob(new TextEncoder().encode(JSON.stringify(job)));
  if (!decoded.ok) return decoded;
  const error = rules === null ? null : validateJob(decoded.value, rules);
  if (error !== null) return { ok: false, error };
  const definition = new Map<string, string>();
  for (const [key, value] of Object.entries(submittedJob(decoded.value))) {
    const name = wireName(key);
    if (isComputedKey(name)) continue;
    if (key === 'retry') flatten(name, withWireNames(value), definition);
    else flatten(name, isInstant(value) ? formatInstant(value) : value, definition);
  }
  return { ok: true, definition };
}

const wireName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const withWireNames = (value: unknown): unknown =>
  isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [wireName(key), item])) : value;

export function changesBetween(before: Definition, after: Definition): readonly Change[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys
    .map((key) => ({ key, before: before.get(key) ?? null, after: after.get(key) ?? null }))
    .filter((change) => change.before !== change.after);
}

function flatten(path: string, value: unknown, into: Map<string, string>): void {
  if (value === null || value === undefined || value === '') return;
  if (typeof value === 'object' && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) into.set(path, '{}');
    // An empty text inside of a map is a value like any other.
    for (const [key, item] of entries) {
      const inner = `${path}.${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)}`;
      if (item === '') into.set(inner, '""');
      else flatten(inner, item, into);
    }
    return;
  }
  into.set(path, typeof value === 'bigint' ? String(value) : JSON.stringify(value));
}

const isInstant = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
