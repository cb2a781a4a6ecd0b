import { goDurationMs } from '../schedule/go-duration.ts';
import type { RetryPauses } from './changes.ts';
import type { RetryPolicy } from './records.ts';

/** From here on, pauses are whole milliseconds. */
export function retryPauses(policy: RetryPolicy | null): RetryPauses | null {
  if (policy === null) return null;
  const intervalMs = goDurationMs(policy.interval);
  const maxIntervalMs = goDurationMs(policy.maxInterval);
  return intervalMs === null || maxIntervalMs === null ? null : { intervalMs, backoff: policy.backoff, maxIntervalMs };
}
