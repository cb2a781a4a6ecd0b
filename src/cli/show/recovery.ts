import { assertNever } from '../../core/assert.ts';
import type { Findings } from '../../recover/examine.ts';
import type { EntryVerdict, FoundEntry } from '../../recover/log-entry.ts';

const SHOWN_BYTES = 256;
const SHOWN_CHARACTERS = 1_000;

/** One entry of the log: where it stands, what it is, and its bytes. */
export function entryText({ index, term, bytes, verdict }: FoundEntry): string {
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex');
  const more = bytes.length > SHOWN_BYTES ? ` and ${bytes.length - SHOWN_BYTES} bytes more` : '';
  return [
    `Entry ${index}, term ${term ?? 'unknown'}, ${bytes.length} bytes: ${verdictText(verdict)}`,
    ...(bytes.length === 0 ? [] : [`  ${shown}${more}`]),
    '',
  ].join('\n');
}

function verdictText(verdict: EntryVerdict): string {
  switch (verdict.type) {
    case 'command':
      return verdict.text.length > SHOWN_CHARACTERS ? `${verdict.text.slice(0, SHOWN_CHARACTERS)}…` : verdict.text;
    case 'empty':
      return 'nothing to apply';
    case 'undecodable':
      return `can't be decoded: ${verdict.reason}`;
    case 'damaged':
      return `damaged: ${verdict.reason}`;
    case 'missing':
      return 'missing';
    default:
      return assertNever(verdict);
  }
}

/** What was found in the data directory of a stopped node, and what to do about it. */
export function findingsText({ log, badEntries, appliedIndex, stateDifference }: Findings): string {
  const lines = [`The log holds the entries ${log.compacted + 1} to ${log.last}.\n`];
  for (const found of badEntries) lines.push(entryText(found));
  const [bad] = badEntries;
  if (bad !== undefined) {
    lines.push(`A version that knows such entries can apply them; else: carillon recover --skip-index ${bad.index}\n`);
  }
  lines.push(appliedIndex === null ? 'There is no state.\n' : `The state has applied up to entry ${appliedIndex}.\n`);
  if (appliedIndex !== null && appliedIndex > log.last) {
    lines.push('It is ahead of the log: one of them is from another copy. Restore both from the same one.\n');
  }
  if (stateDifference !== null) {
    const way = log.compacted > 0 ? '--accept-state, or restore a backup' : '--rebuild-state';
    lines.push(`The state is damaged: ${stateDifference}. carillon recover ${way}\n`);
  }
  if (bad === undefined && stateDifference === null) lines.push('Nothing is wrong with what can be checked here.\n');
  return lines.join('');
}
