import { isBackup } from '../../wire/backup/frames.ts';
import { emptyError } from '../answers.ts';
import type { Call } from '../call.ts';
import { decodeJobs } from '../job-decoder.ts';
import { type JobDraft, submittedJob } from '../job-draft.ts';
import { validateJob } from '../job-rules.ts';
import { jsonString, jsonStrings } from '../json/writer.ts';
import { filePart } from '../multipart.ts';
import { BackupRestore } from '../restore-backup.ts';
import { plannedNext } from '../services.ts';

/** A job of the file with the jobs that name it as parent, in the file's order. */
interface Tree {
  readonly draft: JobDraft;
  readonly children: Tree[];
}

/**
 * POST /v1/restore takes two kinds of files. Of Dkron's dump (dkron-v4 1.10) it sets every job of a backup, parents before children; the answer lists what
 * happened to each. Nothing is set unless the whole file is valid. Under a parent that failed, children are left out.
 */
export function restore(call: Call): void {
  const { body, headers } = call.request;
  const file = isBackup(body) ? body : filePart(body, headers.contentType, 'file');
  if (file === null) {
    call.answer(emptyError('restore_file_missing'));
    return;
  }
  if (isBackup(file)) {
    restoreBackup(call, file);
    return;
  }
  const decoded = decodeJobs(file);
  if (!decoded.ok) {
    call.answer(emptyError('restore_file_invalid', decoded.error));
    return;
  }
  const forest = plantForest(call, decoded.value);
  if (typeof forest === 'string') {
    call.answer(emptyError('restore_file_invalid', forest));
    return;
  }
  setForest(call, forest, (results) => call.json(200, jsonString(jsonStrings(results))));
}

/** A backup of ours: definitions, counters and history (docs/api/backup.md). */
function restoreBackup(call: Call, file: Uint8Array): void {
  const restoring = new BackupRestore(call.services, file, (outcome) => {
    if ('code' in outcome) {
      call.fail(outcome);
      return;
    }
    const { jobs, executions, notes, failed } = outcome;
    const failures = failed.map(
      ({ job, code, message }) => `{"job":${jsonString(job)},"code":"${code}","message":${jsonString(message)}}`,
    );
    call.json(200, `{"jobs":${jobs},"executions":${executions},"notes":${notes},"failed":[${failures.join(',')}]}`);
  });
  call.onAborted(() => restoring.stop());
  restoring.begin();
}

/** A text says why not. */
function plantForest(call: Call, drafts: readonly JobDraft[]): readonly Tree[] | string {
  const trees = drafts.map((draft): Tree => ({ draft, children: [] }));
  const byName = new Map<string, Tree>();
  for (const tree of trees) {
    const invalid = validateJob(tree.draft, call.services.rules);
    if (invalid !== null) return `job "${tree.draft.name}": ${invalid}`;
    if (!byName.has(tree.draft.name)) byName.set(tree.draft.name, tree);
  }
  const roots: Tree[] = [];
  for (const tree of trees) {
    const parentName = tree.draft.parentJob;
    const parent = byName.get(parentName);
    if (parentName !== '' && parent === undefined)
      return `job "${tree.draft.name}": its parent "${parentName}" is not in the file`;
    (parent?.children ?? roots).push(tree);
  }
  return inOrder(roots).length === trees.length ? roots : 'parent_job leads in a circle';
}

/** Each tree before its children, depth first. */
function inOrder(roots: readonly Tree[]): Tree[] {
  const order: Tree[] = [];
  const waiting = roots.toReversed();
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    order.push(tree);
    waiting.push(...tree.children.toReversed());
  }
  return order;
}

/** One after the other: a child needs its parent, and a large backup must not fill the log's queue. */
function setForest(call: Call, roots: readonly Tree[], done: (results: readonly string[]) => void): void {
  const { services } = call;
  const results: string[] = [];
  const waiting = roots.toReversed();
  const setNext = (): void => {
    const tree = waiting.pop();
    if (tree === undefined) {
      done(results);
      return;
    }
    const job = submittedJob(tree.draft);
    services.writes.setJob(job, plannedNext(services, job), (outcome) => {
      results.push(`${outcome.ok ? 'success' : 'fail'} create ${job.name}`);
      if (outcome.ok) waiting.push(...tree.children.toReversed());
      setNext();
    });
  };
  setNext();
}
