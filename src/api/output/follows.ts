import { limits } from '../../core/limits.ts';
import type { ExecutionId, JobName } from '../../core/units.ts';
import type { AnswerStream } from '../http.ts';
import { type FollowedPart, OutputFollower, type StoredOutput } from './follower.ts';

type ReadStored = (job: JobName, id: ExecutionId) => StoredOutput | null;

interface Followed {
  readonly job: JobName;
  readonly followers: Set<OutputFollower>;
}

/** The clients that follow executions which run. */
export class OutputFollows {
  readonly #followed = new Map<ExecutionId, Followed>();
  readonly #wanted: (id: ExecutionId, isWanted: boolean) => void;
  readonly #read: ReadStored;
  #size = 0;

  /** `wanted`: somebody begins to follow an execution, or nobody does any more. */
  constructor(wanted: (id: ExecutionId, isWanted: boolean) => void, read: ReadStored) {
    this.#wanted = wanted;
    this.#read = read;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= limits.outputFollowers;
  }

  /** Returns how to go away: idempotent. */
  begin(job: JobName, id: ExecutionId, from: number, stream: AnswerStream): () => void {
    const follower = new OutputFollower(stream, from);
    const known = this.#followed.get(id);
    const followers = known?.followers ?? new Set();
    followers.add(follower);
    this.#size += 1;
    this.#followed.set(id, { job, followers });
    // Also for a second one: only an answer to its own wish tells it what was written so far.
    this.#wanted(id, true);
    return () => this.#forget(id, follower);
  }

  arrived(id: ExecutionId, part: FollowedPart): void {
    for (const follower of this.#followed.get(id)?.followers ?? []) follower.arrived(part);
  }

  executionEnded(id: ExecutionId): void {
    const followed = this.#followed.get(id);
    for (const follower of [...(followed?.followers ?? [])]) {
      this.#forget(id, follower);
      follower.ended(() => (followed === undefined ? null : this.#read(followed.job, id)));
    }
  }

  jobDeleted(job: JobName): void {
    for (const [id, followed] of [...this.#followed]) if (followed.job === job) this.executionEnded(id);
  }

  /** Ends may have been missed: asks of each execution whether it runs. */
  recheck(runs: (job: JobName, id: ExecutionId) => boolean): void {
    for (const [id, { job }] of [...this.#followed]) if (!runs(job, id)) this.executionEnded(id);
  }

  /** Whoever tells what is written has forgotten all wishes. */
  wishAgain(): void {
    for (const [id, { followers }] of this.#followed) {
      for (const follower of followers) follower.outOfStep();
      this.#wanted(id, true);
    }
  }

  #forget(id: ExecutionId, follower: OutputFollower): void {
    const followed = this.#followed.get(id);
    if (followed?.followers.delete(follower) !== true) return;
    this.#size -= 1;
    if (followed.followers.size > 0) return;
    this.#followed.delete(id);
    this.#wanted(id, false);
  }
}
