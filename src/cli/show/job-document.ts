import { stringify } from 'yaml';
import { isComputedKey } from '../apply/definition.ts';
import { isJsonObject, type JsonObject, listOf, numberOf, textOf } from '../client/json.ts';
import { visible } from './table.ts';
import { shownTime } from './times.ts';

/** A job as a file for `jobs apply`: what was set, as YAML; what the server computed, as comments before it. */
export function jobDocument(job: JsonObject): string {
  const status = textOf(job, 'status');
  const children = listOf(job, 'dependent_jobs');
  const facts = [
    ['status', status === '' ? 'not run yet' : status],
    ['runs', `${numberOf(job, 'success_count')} successful, ${numberOf(job, 'error_count')} failed`],
    ['last success', shownTime(textOf(job, 'last_success'))],
    ['last error', shownTime(textOf(job, 'last_error'))],
    ['next', shownTime(textOf(job, 'next'))],
    ['children', children.join(', ')],
  ] as const;
  const comments = facts.filter(([, text]) => text !== '').map(([title, text]) => `# ${title}: ${visible(text)}\n`);
  return `${comments.join('')}${stringify(definedPart(job), { lineWidth: 0 })}`;
}

/** Without what is computed, and without what has its default. */
function definedPart(job: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(job).filter(([key, value]) => !isComputedKey(key) && !isDefault(key, value)),
  );
}

function isDefault(key: string, value: unknown): boolean {
  if (key === 'concurrency' && value === 'allow') return true;
  if (isJsonObject(value)) return Object.keys(value).length === 0;
  return value === null || value === '' || value === false || value === 0;
}
