import type { Snapshot } from './view.ts';

/** The picture for programs (docs/cli.md): keys are named as in the API. */
export const snapshotJson = ({ leader, jobs, running, waiting, failing }: Snapshot): string =>
  JSON.stringify({
    leader,
    jobs,
    running: running.map(({ job, execution, node, attempt, startedAt, output }) => ({
      job,
      execution,
      node,
      attempt,
      started_at: startedAt,
      output,
    })),
    waiting: waiting?.map(({ job, due, reason }) => ({ job, scheduled_at: due, reason })) ?? null,
    failing: failing.map(({ job, status, lastError, errors }) => ({
      job,
      status,
      last_error: lastError,
      error_count: errors,
    })),
  });
