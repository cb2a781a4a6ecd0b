import { cronExtensions } from '../../src/adapters/cron-extensions.ts';
import type { JobSchedule } from '../../src/core/jobs/changes.ts';
import type { MissedItem } from '../../src/core/jobs/commands.ts';
import { ScheduleInterner } from '../../src/core/schedule/compile.ts';
import { type PlannedLaunch, Planner, type PlannerEffect, type PlannerInput } from '../../src/core/schedule/planner.ts';
import { jobName, type WallMs, wallMs } from '../../src/core/units.ts';
import { testZones } from './schedules.ts';

const interner = new ScheduleInterner(testZones, cronExtensions);

export const START = wallMs(Date.parse('2024-01-15T10:20:30Z'));

export function jobOf(name: string, schedule: string, fields: Partial<JobSchedule> = {}): JobSchedule {
  return {
    name: jobName(name),
    schedule,
    timezone: '',
    startsAt: null,
    expiresAt: null,
    catchup: null,
    tags: null,
    scheduleRevision: 1,
    effectiveFromMs: START,
    anchorMs: START,
    highWaterMs: wallMs(0),
    retentionAgeMs: null,
    hasSurplus: false,
    mayBeClaimed: true,
    active: true,
    ...fields,
  };
}

type Due = Extract<PlannerEffect, { type: 'due' }>;

/** A planner with a state machine reduced to what concerns it, and a log between them that a test plays. */
export class PlannerWorld {
  readonly jobs = new Map<string, JobSchedule>();
  /** Every due time that the planner handed over, with its job: `job@ms`. */
  readonly handedOver: string[] = [];
  /** Due times that the state recorded, launched or missed one by one. */
  readonly recorded = new Map<string, number[]>();
  readonly missed: MissedItem[] = [];
  readonly effects: PlannerEffect[] = [];
  inFlight: Due[] = [];
  nowMs: WallMs = START;
  planner = new Planner(interner, START);

  /** A new planner, which reads everything from the state: a restart, or another node. */
  restart(): void {
    this.planner = new Planner(interner, this.nowMs);
    this.scan();
  }

  scan(): void {
    this.step({ type: 'scanStarted' });
    for (const job of this.jobs.values()) this.step({ type: 'jobSet', job });
    this.step({ type: 'scanEnded' });
  }

  set(job: JobSchedule): void {
    this.jobs.set(job.name, job);
    this.step({ type: 'jobSet', job });
  }

  delete(name: string): void {
    this.jobs.delete(name);
    this.step({ type: 'jobDeleted', name: jobName(name) });
  }

  /** Sets the wall clock to a time from now on, and lets the planner look at it. */
  pass(ms: number): Due[] {
    this.nowMs = wallMs(this.nowMs + ms);
    return this.look();
  }

  look(): Due[] {
    const before = this.inFlight.length;
    this.step({ type: 'time', nowMs: this.nowMs });
    return this.inFlight.slice(before);
  }

  /** Lets time pass as a shell does: from deadline to deadline. `each` is called after each look. */
  run(ms: number, each: () => void = () => undefined): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const deadlineMs = this.planner.nextDeadline() ?? untilMs;
      this.nowMs = wallMs(Math.min(untilMs, Math.max(deadlineMs, this.nowMs + 1)));
      this.look();
      each();
      if (this.nowMs >= untilMs) return;
    }
  }

  /** The log commits everything that is in flight, and the state applies it. */
  commit(): void {
    for (const due of this.inFlight.splice(0)) {
      for (const item of due.missed) this.#miss(item);
      for (const launch of due.launches) this.#launch(launch);
    }
  }

  lose(): void {
    this.inFlight = [];
  }

  step(input: PlannerInput): void {
    const out: PlannerEffect[] = [];
    this.planner.step(input, out);
    this.planner.check();
    for (const effect of out) {
      this.effects.push(effect);
      if (effect.type !== 'due') continue;
      this.inFlight.push(effect);
      for (const { name, scheduledAtMs } of effect.launches) this.handedOver.push(`${name}@${scheduledAtMs}`);
    }
  }

  #launch({ name, scheduleRevision, scheduledAtMs }: PlannedLaunch): void {
    const job = this.jobs.get(name);
    if (job === undefined || job.scheduleRevision !== scheduleRevision) return;
    const seenMs = Math.max(job.highWaterMs, job.effectiveFromMs);
    if (scheduledAtMs <= seenMs) return;
    this.recorded.set(name, [...(this.recorded.get(name) ?? []), scheduledAtMs]);
    this.jobs.set(name, { ...job, highWaterMs: scheduledAtMs });
    this.step({ type: 'recorded', name, upToMs: scheduledAtMs });
  }

  #miss(item: MissedItem): void {
    const job = this.jobs.get(item.name);
    if (job === undefined || job.scheduleRevision !== item.scheduleRevision || item.toMs <= job.highWaterMs) return;
    this.missed.push(item);
    const changed = { ...job, highWaterMs: item.toMs };
    this.jobs.set(item.name, changed);
    // The shell reads the job again after a note.
    this.step({ type: 'jobSet', job: changed });
  }
}
