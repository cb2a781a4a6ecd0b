import type { JobRecord } from '../core/jobs/records.ts';
import { jobJson } from './job-json.ts';

/** Longer texts are turned into bytes at once. */
const PIECE_CHARACTERS = 256 << 10;

/**
 * A list of jobs as JSON, each written out before the next one is read: of a hundred thousand there are only the bytes at
 * once, and not the records and texts as well, which are ten times as large.
 */
export function jobListJson(jobs: Iterable<JobRecord>): string | Uint8Array {
  const pieces: Uint8Array[] = [];
  let text = '[';
  let separator = '';
  for (const job of jobs) {
    text += separator + jobJson(job);
    separator = ',';
    if (text.length < PIECE_CHARACTERS) continue;
    pieces.push(Buffer.from(text));
    text = '';
  }
  text += ']';
  return pieces.length === 0 ? text : Buffer.concat([...pieces, Buffer.from(text)]);
}
