import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { type JobField, jobFields } from '../../api/job-fields.ts';
import { isJsonObject, type JsonObject } from '../client/json.ts';

/** A file of jobs can't be used; the message says where and why. */
export class JobFileError extends Error {
  override readonly name = 'JobFileError';
}

/** Aliases that one document may expand to: enough for shared settings, too few to fill the memory. */
const mostAliases = 100_000;

/**
 * All jobs of a text: each YAML document, or the JSON value, is one job, a list, or `{jobs: […]}`. `isJson` null: nothing
 * says which it is, so what can be JSON is.
 */
export function jobsInText(text: string, isJson: boolean | null): readonly JsonObject[] {
  const values = (isJson ?? canBeJson(text)) ? jsonJobs(text) : yamlJobs(text);
  return values.map((value, index) => {
    if (!isJsonObject(value)) throw new JobFileError(`entry ${index + 1} is no job: a job is a map of keys and values`);
    return withKnownKeys(value);
  });
}

function canBeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonJobs(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /at position (\d+)/.exec(message)?.[1];
    const line = position === undefined ? '' : `line ${text.slice(0, Number(position)).split('\n').length}: `;
    throw new JobFileError(`${line}${message.split('\n')[0]}`);
  }
  if (Array.isArray(value)) return value;
  return isJsonObject(value) && Array.isArray(value.jobs) && !('name' in value) ? value.jobs : [value];
}

function yamlJobs(text: string): readonly unknown[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { schema: 'core', merge: true, lineCounter: lines });
  return [...documents].flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      throw new JobFileError(`line ${lines.linePos(error.pos[0]).line}: ${error.message.split(' at line ')[0]}`);
    }
    return nodesOf(document).map((node) => {
      keepTexts(node, document);
      return toValue(node, document);
    });
  });
}

/** The nodes of a document that stand for jobs; none when it is empty. */
function nodesOf({ contents }: Document.Parsed): readonly unknown[] {
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  if (isSeq(contents)) return contents.items;
  const list = isMap(contents) && !contents.has('name') ? contents.get('jobs', true) : undefined;
  return isSeq(list) ? list.items : [contents];
}

function toValue(node: unknown, document: Document.Parsed): unknown {
  if (!isMap(node) && !isAlias(node)) return null;
  return node.toJS(document, { maxAliasCount: mostAliases });
}

/** How deep below a key everything is a text. */
const textDepths: ReadonlyMap<JobField['kind'], number> = new Map<JobField['kind'], number>([
  ['text', 0],
  ['stringMap', 1],
  ['processors', 2],
]);

/** YAML takes `timeout: 30` and `shell: true` for a number and a boolean; where only texts can be, they are meant as such. */
function keepTexts(job: unknown, document: Document.Parsed): void {
  const target = isAlias(job) ? job.resolve(document) : job;
  if (!isMap(target)) return;
  for (const { key, value } of target.items) {
    const name = isScalar(key) ? String(key.value).toLowerCase() : '';
    const depth = textDepths.get(jobFields.get(name)?.kind ?? 'boolean');
    if (isMergeKey(key)) for (const merged of listOf(value)) keepTexts(merged, document);
    else if (depth !== undefined) keepTextsBelow(value, depth, document);
  }
}

function keepTextsBelow(node: unknown, depth: number, document: Document.Parsed): void {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (depth > 0 && isMap(target)) {
    for (const { key, value } of target.items) {
      if (isMergeKey(key)) for (const merged of listOf(value)) keepTextsBelow(merged, depth, document);
      else keepTextsBelow(value, depth - 1, document);
    }
  } else if (depth === 0 && isScalar(target) && typeof target.value !== 'string' && target.value !== null) {
    target.value = target.source ?? String(target.value);
  }
}

/** `<<: *shared` and `<<: [*one, *other]`. */
const isMergeKey = (key: unknown): boolean => isScalar(key) && key.source === '<<';

const listOf = (value: unknown): readonly unknown[] => (isSeq(value) ? value.items : [value]);

/** The API takes keys in any case, and ignores unknown ones; in a file these are mistakes. */
function withKnownKeys(job: JsonObject): JsonObject {
  const entries = Object.entries(job).map(([key, value]): [string, unknown] => {
    const name = key.toLowerCase();
    if (jobFields.has(name)) return [name, value];
    const about = typeof job.name === 'string' ? `job ${JSON.stringify(job.name)}: ` : '';
    throw new JobFileError(`${about}a job has no key ${JSON.stringify(key)} (docs/api/jobs.md lists the keys)`);
  });
  return Object.fromEntries(entries);
}
