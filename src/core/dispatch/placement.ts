import type { AssignItem, Command, LaunchItem, MissedItem } from '../jobs/commands.ts';
import { isFirst } from '../jobs/launch-rules.ts';
import type { StringMap, Target } from '../jobs/records.ts';
import { limits } from '../limits.ts';
import type { JobName, MonoMs, NodeName, Stamp } from '../units.ts';
import type { Due, Effect, Now, Proposal, RunRequest, WaitingWorkInput } from './in-flight.ts';
import type { KnownWorkers } from './known-workers.ts';
import { Muster } from './muster.ts';
import { NodeRoom } from './node-room.ts';
import { assignBytes, launchesBytes, missedBytes, portionsOf } from './portions.ts';
import type { Proposals } from './proposals.ts';
import { byDueTime, QueuedWork } from './queued-work.ts';
import { WaitingWork } from './waiting-work.ts';

/** Gives nodes to what is to run: due launches, runs by hand, and the work that the state opened without any. */
export class Placement {
  readonly #workers: KnownWorkers;
  readonly #proposals: Proposals;
  readonly #muster = new Muster();
  readonly #work = new WaitingWork();
  readonly #queued = new QueuedWork();
  readonly #room: NodeRoom;
  /** Came in during the muster, as did what is due: one list of launches each time. */
  #earlyRuns: RunRequest[] = [];
  #earlyLaunches: (readonly Due[])[] = [];

  /** `openOn`: how many executions the state has open on a node. */
  constructor(workers: KnownWorkers, proposals: Proposals, openOn: (node: NodeName) => number) {
    this.#workers = workers;
    this.#proposals = proposals;
    this.#room = new NodeRoom(workers, openOn);
  }

  begin(now: Now, work: readonly WaitingWorkInput[]): void {
    this.#forget();
    this.#muster.begin(now.monoMs);
    // What ended meanwhile is not known: everything that waits is tried once.
    for (const item of work) {
      if (item.work.waits === null) this.#work.add(now, item);
      else this.#work.wake(now, item);
    }
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
      const targets = this.#choose(tags);
      const command: Command = { type: 'run', nowNs: now.wallNs, name, targets };
      this.#room.proposed(this.#proposals.propose(command, { type: 'run', request }, out), targets);
    } else if (this.#earlyRuns.length < limits.heldRequests) {
      this.#earlyRuns.push(asked);
    } else {
      out.push({ type: 'runRefused', request, reason: 'overloaded' });
    }
  }

  workOpened(now: Now, item: WaitingWorkInput): void {
    const { job, stamp, waits } = item.work;
    if (waits === null) {
      this.#work.add(now, item);
      return;
    }
    this.#work.placed(stamp);
    this.#queued.hold(item);
    // It has left the job's line, if it stood there: the next one may go.
    if (waits.for === 'node') this.#wake(now, this.#queued.takeOfJob(job, ['job']));
  }

  executionEnded(now: Now, job: JobName): void {
    this.#wake(now, this.#queued.takeOfJob(job, ['job']));
  }

  launchEnded(now: Now, job: JobName): void {
    this.#wake(now, this.#queued.takeOfJob(job, ['queue', 'replace']));
  }

  /** Other rules may hold now for what waits, or it may not run at all. */
  jobSet(now: Now, job: JobName): void {
    for (const item of this.#queued.takeAllOfJob(job)) this.#wake(now, item);
  }

  workPlaced(stamp: Stamp): void {
    this.#work.placed(stamp);
  }

  jobDeleted(name: JobName): void {
    this.#work.dropJob(name);
    this.#queued.takeAllOfJob(name);
  }

  answered(now: Now, proposal: number, { stamps }: Extract<Proposal, { type: 'assign' }>, isRefused: boolean): void {
    for (const stamp of stamps) {
      if (isRefused) {
        this.#work.refused(now.monoMs, stamp, proposal);
        continue;
      }
      // Neither opened nor made to wait: it is gone, and what it was to use is left for the next.
      const gone = this.#work.applied(stamp, proposal);
      if (gone !== undefined && gone.work.waits !== null) {
        this.#wake(now, this.#queued.takeOfJob(gone.work.job, [gone.work.waits.for]));
      }
    }
  }

  /** Whatever became of it: its executions are open by now, or will never be. */
  proposalEnded(proposal: number): void {
    this.#room.answered(proposal);
  }

  tick(now: Now, out: Effect[]): void {
    if (this.#muster.endsNow(now.monoMs, this.#workers.allAttached)) {
      for (const launches of this.#earlyLaunches.splice(0)) this.#launch(now, launches, out);
      for (const asked of this.#earlyRuns.splice(0)) this.run(now, asked, out);
    }
    if (!this.#muster.isOver) return;
    for (const node of this.#queued.nodes()) this.#fill(now, node);
    this.#assignDue(now, out);
  }

  nextDeadline(): MonoMs | null {
    return this.#muster.isOver ? this.#work.nextDeadline() : this.#muster.endsAtMs;
  }

  #forget(): void {
    this.#work.clear();
    this.#queued.clear();
    this.#room.clear();
    this.#earlyLaunches = [];
  }

  #wake(now: Now, item: WaitingWorkInput | undefined): void {
    if (item !== undefined) this.#work.wake(now, item);
  }

  /** What waits for a node that is gone looks for another one. */
  #fill(now: Now, node: NodeName): void {
    for (let free = this.#room.free(node); free > 0; free -= 1) {
      const item = this.#queued.takeOfNode(node);
      if (item === undefined) return;
      this.#wake(now, item);
    }
  }

  #choose(tags: StringMap | null): readonly Target[] {
    const chosen = this.#workers.choose(tags, this.#room.isFull);
    return this.#room.take(chosen, (node) => this.#queued.hasLine(node));
  }

  /**
   * One command for all that is due at once; more only when it is large. All of one job is in one: were the first of
   * two refused, its due times would count as seen with those of the second (P1).
   */
  #launch(now: Now, launches: readonly Due[], out: Effect[]): void {
    const jobs = new Map<JobName, LaunchItem[]>();
    for (const { tags, ...launch } of launches) {
      const item = { ...launch, targets: this.#choose(tags) };
      const items = jobs.get(launch.name);
      if (items === undefined) jobs.set(launch.name, [item]);
      else items.push(item);
    }
    for (const portion of portionsOf([...jobs.values()], launchesBytes)) {
      const items = portion.flat().sort((a, b) => a.scheduledAtMs - b.scheduledAtMs);
      const proposal = this.#proposals.propose({ type: 'launch', nowNs: now.wallNs, items }, { type: 'due' }, out);
      this.#room.proposed(
        proposal,
        items.flatMap(({ targets }) => targets),
      );
    }
  }

  #assignDue(now: Now, out: Effect[]): void {
    const waited = this.#work.takeDue(now.monoMs).sort(byDueTime);
    const due: AssignItem[] = waited.map((waiting) => ({
      job: waiting.work.job,
      stamp: waiting.work.stamp,
      targets: this.#targetsOf(waiting),
    }));
    for (const items of portionsOf(due, assignBytes)) {
      const stamps = items.map((item) => item.stamp);
      const command: Command = { type: 'assign', nowNs: now.wallNs, items };
      const proposal = this.#proposals.propose(command, { type: 'assign', stamps }, out);
      for (const stamp of stamps) this.#work.proposed(stamp, proposal);
      this.#room.proposed(
        proposal,
        items.flatMap(({ targets }) => targets),
      );
    }
  }

  /** A retry goes to the node of the attempt before it, as in Dkron; elsewhere when that is gone. */
  #targetsOf({ work, tags }: WaitingWorkInput): AssignItem['targets'] {
    const before = work.node === null ? undefined : this.#workers.get(work.node);
    const isOne = work.node !== null || !isFirst(work.reason);
    const chosen = before === undefined ? this.#workers.choose(tags, this.#room.isFull) : [before];
    const targets = chosen.map(({ node, epoch }) => ({ node, epoch }));
    // What waited for its node was the first of those that do.
    const isBehind = (node: NodeName): boolean => work.waits?.for !== 'node' && this.#queued.hasLine(node);
    return this.#room.take(isOne ? targets.slice(0, 1) : targets, isBehind);
  }
}
