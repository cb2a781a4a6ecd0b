import type { CatchupPolicy } from '../../src/core/jobs/records.ts';
import { missedReason, planDue } from '../../src/core/schedule/catchup.ts';
import { epoch, jobName, nodeName, type WallMs, wallMs } from '../../src/core/units.ts';
import type { JobScript } from './job-script.ts';
import { compiled } from './schedules.ts';

/** A leader that was away until then: it hands over what the policy of the job makes of its due times since. */
export function comeBack(script: JobScript, name: string, at: WallMs): void {
  script.advanceTo(at);
  const targets = [{ node: nodeName('n0'), epoch: epoch(1) }];
  for (;;) {
    const { schedule, anchorMs, catchup, scheduleRevision, highWaterMs, effectiveFromMs, startsAt, expiresAt } =
      script.harness.job(name);
    const floorMs = wallMs(Math.max(effectiveFromMs, highWaterMs));
    const due = planDue({ schedule: compiled(schedule), anchorMs }, { floorMs, startsAt, expiresAt }, catchup, at);
    const item = { name: jobName(name), scheduleRevision, next: null };
    if (due.missed === null) {
      const items = due.launches.map((scheduledAtMs) => ({ ...item, scheduledAtMs, targets }));
      if (items.length > 0) script.apply({ type: 'launch', nowNs: script.nowNs, items });
      return;
    }
    script.apply({ type: 'missed', items: [{ ...item, ...due.missed, reason: missedReason(catchup) }] });
  }
}

/** POLICY[,WINDOW[,CAP]] */
export function catchupOf(text: string): CatchupPolicy {
  const [policy, window = '60s', cap = '100'] = text.split(',');
  if (policy !== 'skip' && policy !== 'once' && policy !== 'all') throw new Error(`no policy ${policy}`);
  return { policy, window, cap: Number(cap) };
}
