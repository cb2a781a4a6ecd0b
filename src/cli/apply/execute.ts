import { type ApiClient, connections } from '../client/api-client.ts';
import { codeOf, sentenceOf } from '../client/refusal.ts';
import type { Progress } from '../show/progress.ts';
import { CliError, exitCodes } from '../types.ts';
import type { Plan, PlannedWrite } from './plan.ts';

/** A job that the server did not take. */
export interface Refused {
  readonly name: string;
  readonly message: string;
}

/**
 * Does what the plan says. A job that is refused doesn't keep others from being written, but its children, and all that
 * would be deleted. Throws when the server can't be reached or takes nothing now: what was done stays, and the same
 * command goes on from there.
 */
export async function executePlan(plan: Plan, client: ApiClient, progress: Progress): Promise<readonly Refused[]> {
  const refused = new Map<string, string>();
  for (const wave of plan.writes) {
    await eachAtOnce(wave, async (write) => {
      const message = refused.has(write.parent)
        ? `its parent ${write.parent} was refused`
        : await writeJob(write, client, progress);
      if (message !== null) refused.set(write.name, message);
      progress.advance();
    });
  }
  if (refused.size === 0) {
    for (const wave of plan.prunes) {
      await eachAtOnce(wave, async (name) => {
        const message = await deleteJob(name, client, progress);
        if (message !== null) refused.set(name, message);
        progress.advance();
      });
    }
  }
  return [...refused].map(([name, message]) => ({ name, message }));
}

/** Null: done. */
async function writeJob({ name, body }: PlannedWrite, client: ApiClient, progress: Progress): Promise<string | null> {
  return await change(
    progress,
    async () => await client.send({ method: 'POST', path: 'v1/jobs', body, about: `job ${name}` }),
  );
}

/** A job that is gone already is what was wanted. */
async function deleteJob(name: string, client: ApiClient, progress: Progress): Promise<string | null> {
  return await change(progress, async () => {
    const path = `v1/jobs/${encodeURIComponent(name)}`;
    const answer = await client.send({ method: 'DELETE', path, about: `job ${name}` });
    const isGone = answer.status === 404 && codeOf(answer) === 'job_not_found';
    return isGone ? { ...answer, status: 200 } : answer;
  });
}

type Sent = Awaited<ReturnType<ApiClient['send']>>;

export const goOnAdvice = ({ done, total }: Progress): string =>
  `${done} of ${total} changes are made, and the same command makes the others`;

async function change(progress: Progress, send: () => Promise<Sent>): Promise<string | null> {
  let answer: Sent;
  try {
    answer = await send();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(`${error.message}; ${goOnAdvice(progress)}`, error.exitCode);
  }
  if (answer.status < 300) return null;
  // Not about this job: the server takes no change at all now.
  if (answer.status >= 500) {
    throw new CliError(`${sentenceOf(answer).replace(/\.$/, '')}; ${goOnAdvice(progress)}`, exitCodes.refused);
  }
  return sentenceOf(answer);
}

/** Runs `work` on all items, on as many at a time as there are connections. The first error stops what has not begun. */
async function eachAtOnce<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  let isStopped = false;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (isStopped) return;
      try {
        await work(item);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(connections, items.length) }, worker));
}
