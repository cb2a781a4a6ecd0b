import type { AssignItem, LaunchItem, MissedItem } from '../jobs/commands.ts';
import { limits } from '../limits.ts';
import type { JobName, MonoMs, Stamp } from '../units.ts';
import type { Due, Effect, Now, Proposal, RunRequest, WaitingWorkInput } from './in-flight.ts';
import type { KnownWorkers } from './known-workers.ts';
import { Muster } from './muster.ts';
import { assignBytes, launchesBytes, missedBytes, portionsOf } from './portions.ts';
import type { Proposals } from './proposals.ts';
import { WaitingWork } from './waiting-work.ts';

/** Gives nodes to what is to run: due launches, runs by hand, and the work that the state opened without any. */
export class Placement {
  readonly #workers: KnownWorkers;
  readonly #proposals: Proposals;
  readonly #muster = new Muster();
  readonly #work = new WaitingWork();
  /** Came in during the muster, as did what is due: one list of launches each time. */
  #earlyRuns: RunRequest[] = [];
  #earlyLaunches: (readonly Due[])[] = [];

  constructor(workers: KnownWorkers, proposals: Proposals) {
    this.#workers = workers;
    this.#proposals = proposals;
  }

  begin(now: Now, work: readonly WaitingWorkInput[]): void {
    this.#forget();
    this.#muster.begin(now.monoMs);
    for (const item of work) this.#work.add(now, item);
  }

  end(out: Effect[]): void {
    this.#forget();
    for (const { request } of this.#earlyRuns) out.push({ type: 'runRefused', request, reason: 'not_leader' });
    this.#earlyRuns = [];
  }

  /** How many workers there are, and how many more are expected. */
  expect(announced: number, unannounced: number): void {
    this.#muster.expect(announced, unannounced);
  }

  due(now: Now, launches: readonly Due[], missed: readonly MissedItem[], out: Effect[]): void {
    for (const items of portionsOf(missed, missedBytes)) {
      this.#proposals.propose({ type: 'missed', items }, { type: 'due' }, out);
    }
    if (this.#muster.isOver) this.#launch(now, launches, out);
    // Beyond that they are dropped: what is not recorded is handed over again.
    else if (launches.length > 0 && this.#earlyLaunches.length < limits.heldRequests)
      this.#earlyLaunches.push(launches);
  }

  run(now: Now, asked: RunRequest, out: Effect[]): void {
    const { request, name, tags } = asked;
    if (this.#muster.isOver) {
      const targets = this.#workers.choose(tags);
      this.#proposals.propose({ type: 'run', nowNs: now.wallNs, name, targets }, { type: 'run', request }, out);
    } else if (this.#earlyRuns.length < limits.heldRequests) {
      this.#earlyRuns.push(asked);
    } else {
      out.push({ type: 'runRefused', request, reason: 'overloaded' });
    }
  }

  workOpened(now: Now, item: WaitingWorkInput): void {
    this.#work.add(now, item);
  }

  workPlaced(stamp: Stamp): void {
    this.#work.placed(stamp);
  }

  jobDeleted(name: JobName): void {
    this.#work.dropJob(name);
  }

  answered(now: Now, { stamps }: Extract<Proposal, { type: 'assign' }>, isRefused: boolean): void {
    for (const stamp of stamps) {
      if (isRefused) this.#work.refused(now.monoMs, stamp);
      else this.#work.placed(stamp);
    }
  }

  tick(now: Now, out: Effect[]): void {
    if (this.#muster.endsNow(now.monoMs, this.#workers.allAttached)) {
      for (const launches of this.#earlyLaunches.splice(0)) this.#launch(now, launches, out);
      for (const asked of this.#earlyRuns.splice(0)) this.run(now, asked, out);
    }
    if (this.#muster.isOver) this.#assignDue(now, out);
  }

  nextDeadline(): MonoMs | null {
    return this.#muster.isOver ? this.#work.nextDeadline() : this.#muster.endsAtMs;
  }

  #forget(): void {
    this.#work.clear();
    this.#earlyLaunches = [];
  }

  /**
   * One command for all that is due at once; more only when it is large. All of one job is in one: were the first of
   * two refused, its due times would count as seen with those of the second (P1).
   */
  #launch(now: Now, launches: readonly Due[], out: Effect[]): void {
    const jobs = new Map<JobName, LaunchItem[]>();
    for (const { tags, ...launch } of launches) {
      const item = { ...launch, targets: this.#workers.choose(tags) };
      const items = jobs.get(launch.name);
      if (items === undefined) jobs.set(launch.name, [item]);
      else items.push(item);
    }
    for (const portion of portionsOf([...jobs.values()], launchesBytes)) {
      const items = portion.flat().sort((a, b) => a.scheduledAtMs - b.scheduledAtMs);
      this.#proposals.propose({ type: 'launch', nowNs: now.wallNs, items }, { type: 'due' }, out);
    }
  }

  #assignDue(now: Now, out: Effect[]): void {
    const due: AssignItem[] = this.#work.takeDue(now.monoMs).map((waiting) => ({
      job: waiting.work.job,
      stamp: waiting.work.stamp,
      targets: this.#targetsOf(waiting),
    }));
    for (const items of portionsOf(due, assignBytes)) {
      const stamps = items.map((item) => item.stamp);
      this.#proposals.propose({ type: 'assign', nowNs: now.wallNs, items }, { type: 'assign', stamps }, out);
    }
  }

  /** A retry goes to the node of the attempt before it, as in Dkron; elsewhere when that is gone. */
  #targetsOf({ work, tags }: WaitingWorkInput): AssignItem['targets'] {
    const before = work.node === null ? undefined : this.#workers.get(work.node);
    if (before !== undefined) return [{ node: before.node, epoch: before.epoch }];
    const chosen = this.#workers.choose(tags);
    return work.reason === 'child' ? chosen : chosen.slice(0, 1);
  }
}
