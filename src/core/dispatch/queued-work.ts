import { assert } from '../assert.ts';
import type { WaitCause } from '../jobs/records.ts';
import type { JobName, NodeName, Stamp } from '../units.ts';
import type { WaitingWorkInput } from './in-flight.ts';

/** In the order of due times. */
type Line = WaitingWorkInput[];

/**
 * Work that the state has made wait for something else than its time, in lines: one for each job, one for each node. It
 * leaves its line to be tried; where the state finds that it has to wait on, it comes back to its place. What the state
 * has dropped meanwhile is found out when it is tried.
 */
export class QueuedWork {
  readonly #jobs = new Map<JobName, Line>();
  readonly #nodes = new Map<NodeName, Line>();

  hold(input: WaitingWorkInput): void {
    const { job, node, stamp, waits } = input.work;
    assert(waits !== null, 'what waits for nothing is in no line');
    this.#drop(job, stamp);
    if (waits.for === 'node' && node !== null) insert(this.#nodes, node, input);
    else insert(this.#jobs, job, input);
  }

  /** The first of a job's line that waits for one of these. */
  takeOfJob(job: JobName, causes: readonly WaitCause[]): WaitingWorkInput | undefined {
    const line = this.#jobs.get(job);
    const first = line?.find(({ work }) => work.waits !== null && causes.includes(work.waits.for));
    if (first !== undefined) remove(this.#jobs, job, (input) => input === first);
    return first;
  }

  takeOfNode(node: NodeName): WaitingWorkInput | undefined {
    const first = this.#nodes.get(node)?.[0];
    if (first !== undefined) remove(this.#nodes, node, (input) => input === first);
    return first;
  }

  /** All of a job, whatever it waits for. */
  takeAllOfJob(job: JobName): readonly WaitingWorkInput[] {
    const taken = [...(this.#jobs.get(job) ?? [])];
    this.#jobs.delete(job);
    for (const [node, line] of [...this.#nodes]) {
      taken.push(...line.filter(({ work }) => work.job === job));
      remove(this.#nodes, node, ({ work }) => work.job === job);
    }
    return taken;
  }

  /** Nodes for which something waits. */
  nodes(): readonly NodeName[] {
    return [...this.#nodes.keys()];
  }

  hasLine(node: NodeName): boolean {
    return this.#nodes.has(node);
  }

  clear(): void {
    this.#jobs.clear();
    this.#nodes.clear();
  }

  #drop(job: JobName, stamp: Stamp): void {
    remove(this.#jobs, job, ({ work }) => work.stamp === stamp);
  }
}

function insert<Key>(lines: Map<Key, Line>, key: Key, input: WaitingWorkInput): void {
  const line = lines.get(key);
  if (line === undefined) {
    lines.set(key, [input]);
    return;
  }
  // Nearly always it is the last one.
  let at = line.length;
  while (at > 0 && isBefore(input, line[at - 1])) at -= 1;
  line.splice(at, 0, input);
}

const isBefore = (input: WaitingWorkInput, other: WaitingWorkInput | undefined): boolean =>
  other !== undefined && byDueTime(input, other) < 0;

export function byDueTime({ work: a }: WaitingWorkInput, { work: b }: WaitingWorkInput): number {
  return a.scheduledAtMs - b.scheduledAtMs || (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0);
}

function remove<Key>(lines: Map<Key, Line>, key: Key, isGone: (input: WaitingWorkInput) => boolean): void {
  const line = lines.get(key);
  if (line === undefined) return;
  const left = line.filter((input) => !isGone(input));
  if (left.length === 0) lines.delete(key);
  else lines.set(key, left);
}
