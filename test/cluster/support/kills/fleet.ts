import type { Observer } from '../../../support/observer/observer.ts';

export interface FleetJob {
  readonly name: string;
  readonly schedule: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** In the environment of every process of the fleet, so that none can hide. */
export const MARKER = 'CARILLON_KILLS_EPISODE';

/**
 * About `perSecond` starts a second: most are short; some are exclusive and take longer than their period, some fail
 * and are tried again, some run on for long, with a child in another session, and are hit by every kill.
 */
export function makeFleet(perSecond: number, observer: Observer, episode: string): FleetJob[] {
  const jobs: FleetJob[] = [];
  const add = (kind: string, count: number, schedule: string, command: string, more = {}): void => {
    const executor_config = { command: observer.command(command), shell: 'true', env: `${MARKER}=${episode}` };
    for (let index = 0; index < count; index += 1) {
      jobs.push({ name: `${kind}-${index}`, schedule, config: { executor: 'shell', executor_config, ...more } });
    }
  };
  const share = (part: number): number => Math.max(1, Math.round(perSecond * part));
  add('every', share(0.6), '@every 1s', 'true');
  add('cron', share(0.3), '* * * * * *', 'true');
  add('alone', share(0.04), '* * * * * *', 'sleep 1.4', { concurrency: 'forbid' });
  add('failing', share(0.02), '*/2 * * * * *', 'false', { retries: 1 });
  add('long', share(0.02), '*/10 * * * * *', 'setsid sleep 20 & sleep 6');
  return jobs;
}

export const isExclusive = ({ name }: FleetJob): boolean => name.startsWith('alone-');

/** Due each second, and never skipped. */
export const isSteady = (name: string): boolean => name.startsWith('every-') || name.startsWith('cron-');
