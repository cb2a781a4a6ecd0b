import type { ImportItem, ImportRefusal } from '../core/jobs/commands.ts';
import type { StateReads } from '../core/jobs/reads.ts';
import type { ExecutionRecord, JobRecord, StringMap, SubmittedJob } from '../core/jobs/records.ts';
import type { ExecutionId, Instant, JobName, NodeName, Stamp, WallMs, WallNs } from '../core/units.ts';
import type { ApiErrorCode } from './errors.ts';
import type { EventFilter } from './events/event-filter.ts';
import type { EventId } from './events/event-id.ts';
import type { AnswerStream, WebSocketListener } from './http.ts';
import type { JobRules } from './job-rules.ts';
import type { JobTexts } from './job-texts.ts';

/** Why something was not done; `message` is for the user, empty for the code's own sentence. */
export interface Failure {
  readonly code: ApiErrorCode;
  readonly message: string;
}

export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: Failure };

/** Called exactly once, in a turn of the actor that owns the routes. */
export type Done<Value> = (outcome: Outcome<Value>) => void;

/** An execution that runs now, with the latest piece of its output. */
export interface BusyExecution {
  readonly id: ExecutionId;
  readonly job: JobName;
  readonly node: NodeName;
  readonly group: Stamp;
  readonly attempt: number;
  readonly startedAtNs: WallNs;
  readonly latestOutput: Uint8Array;
}

/** Everything that changes something, or that only another actor knows. What was done is visible in `state` then. */
export interface Writes {
  setJob(job: SubmittedJob, next: Instant | null, done: Done<null>): void;
  /** Gives the job as it was. */
  deleteJob(name: JobName, done: Done<JobRecord>): void;
  setDisabled(name: JobName, disabled: boolean, next: Instant | null, done: Done<JobRecord>): void;
  /** Drops history and counters; gives the job as it is then. */
  deleteExecutions(name: JobName, done: Done<JobRecord>): void;
  /** Done when the launch is committed; with `awaitEnd`, when it has ended, retries included. Returns how to give up waiting. */
  run(name: JobName, tags: StringMap | null, awaitEnd: boolean, done: Done<Stamp>): () => void;
  /** One batch of a backup; gives the jobs that were refused. */
  importRecords(lastStamp: Stamp, items: readonly ImportItem[], done: Done<readonly ImportRefusal[]>): void;
  /**
   * Done when the stop is committed; with `awaitEnd`, when the execution's end is, or its job is gone. Returns how to give
   * up waiting.
   */
  stop(execution: ExecutionRecord, awaitEnd: boolean, done: Done<null>): () => void;
  listBusy(done: Done<readonly BusyExecution[]>): void;
  /** The servers that are left known. */
  leave(done: Done<readonly ClusterMember[]>): void;
}

export type MemberStatus = 'none' | 'alive' | 'leaving' | 'left' | 'failed';

export interface ClusterMember {
  readonly name: NodeName;
  readonly address: string;
  readonly port: number;
  readonly tags: StringMap;
  readonly status: MemberStatus;
}

/** What this node knows of the cluster; reading it asks nobody. */
export interface ClusterView {
  members(): readonly ClusterMember[];
  leader(): NodeName | null;
  isLeader(): boolean;
  /** True once the state can be read and a leader is known. */
  isReady(): boolean;
}

/** Numbers by name; a name may carry Prometheus labels. Counters only grow. */
export interface MetricsSource {
  readCounters(): ReadonlyMap<string, number>;
  readGauges(): ReadonlyMap<string, number>;
}

export interface NodeFacts {
  readonly name: NodeName;
  readonly version: string;
  readonly region: string;
  /** Gossip is encrypted. */
  readonly encrypted: boolean;
  /** `--ui`: `/` and `/ui/` exist. */
  readonly ui: boolean;
}

/** What happens, for who listens. */
export interface EventSource {
  /** `from`: the last event that the client has. Null: too many listen already. */
  connect(filter: EventFilter, from: EventId | null): WebSocketListener | null;
}

/** What executions write while they run, for who follows. */
export interface OutputSource {
  /** Too many follow already. */
  readonly isFull: boolean;
  /** Passes on what a running execution has written and writes, then the end of the stream. Returns how to go away. */
  begin(job: JobName, id: ExecutionId, from: number, stream: AnswerStream): () => void;
}

/** All that the routes need. */
export interface Services {
  readonly node: NodeFacts;
  readonly state: StateReads;
  /** A page of jobs, as `state.jobs` gives it, however many there are. */
  readonly jobPage: StateReads['jobs'];
  readonly jobTexts: JobTexts;
  readonly writes: Writes;
  readonly cluster: ClusterView;
  readonly rules: JobRules;
  readonly metrics: MetricsSource;
  readonly events: EventSource;
  readonly outputs: OutputSource;
  /** This node takes no new jobs; lost with the node, as in Dkron. */
  readonly pause: { isPaused: boolean };
  /** Answers that are on their way for long. */
  readonly running: { backups: number };
  readonly nowMs: () => WallMs;
  /** Runs `turn` once, later, in a turn of its own; gives how to call that off. */
  readonly after: (delayMs: number, turn: () => void) => () => void;
  /** False: more is asked than there is time for, and what can be refused should be. */
  readonly hasRoom: () => boolean;
  /** A random UUID: Dkron makes one for each member and request. */
  readonly uuid: () => string;
  /** For what fails after the answer. */
  readonly warn: (message: string, fields: Readonly<Record<string, string>>) => void;
}

/** The next run that goes into a `setJob`: an unchanged schedule goes on counting from where it began. */
export function plannedNext({ state, rules, nowMs }: Services, job: SubmittedJob): Instant | null {
  const now = nowMs();
  const stored = state.job(job.name);
  return rules.next(job, stored?.schedule === job.schedule ? stored.anchorMs : now, now);
}
