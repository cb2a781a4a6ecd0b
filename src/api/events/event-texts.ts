import { assertNever } from '../../core/assert.ts';
import type { Cause, LaunchNote } from '../../core/jobs/records.ts';
import { instantOfMs, instantOfNs, type JobName, type NodeName, type WallMs, wallNs } from '../../core/units.ts';
import type { Digits, ToldChange } from '../../wire/told-changes.ts';
import { formatInstant } from '../json/time.ts';
import { jsonBytes, jsonString } from '../json/writer.ts';
import type { ClusterMember } from '../services.ts';
import type { Topic } from './event-filter.ts';
import { type EventId, formatId } from './event-id.ts';
import type { OutputPiece } from './output-piece.ts';

/** What is told of something that happened, but for its id and its time. */
export interface ToldEvent {
  readonly topic: Topic;
  readonly type: string;
  readonly job: JobName | null;
  /** Members of the object that follow, each with a comma before it. */
  readonly members: string;
}

/** The message of docs/api/events.md. */
export const messageOf = (id: EventId, { topic, type, members }: ToldEvent, at: string): Uint8Array =>
  Buffer.from(`{"id":"${formatId(id)}","topic":"${topic}","type":"${type}","at":"${at}"${members}}`);

export function changeEvent(change: ToldChange): ToldEvent {
  switch (change[0]) {
    case 'jobSet':
      return jobSetEvent(change);
    case 'jobDeleted':
      return { topic: 'job', type: 'deleted', job: change[1], members: ofJob(change[1]) };
    case 'launchBegan':
    case 'workOpened':
    case 'launchEnded':
    case 'launchNoted':
      return launchEvent(change);
    case 'executionOpened':
    case 'executionEnded':
    case 'executionStopping':
    case 'executionDropped':
      return executionEvent(change);
    default:
      return assertNever(change);
  }
}

type Told<Type extends ToldChange[0]> = Extract<ToldChange, readonly [Type, ...unknown[]]>;

function jobSetEvent([, job, how, quarantine]: Told<'jobSet'>): ToldEvent {
  const reason = how === 'disabled' && quarantine !== null ? `,"reason":${jsonString(quarantine)}` : '';
  return { topic: 'job', type: how, job, members: ofJob(job) + reason };
}

function launchEvent(change: Told<'launchBegan' | 'workOpened' | 'launchEnded' | 'launchNoted'>): ToldEvent {
  const topic = 'launch';
  switch (change[0]) {
    case 'launchBegan': {
      const [, job, group, cause, scheduledAtMs] = change;
      return { topic, type: 'began', job, members: ofLaunch(job, group) + ofCause(cause, scheduledAtMs) };
    }
    case 'workOpened': {
      const [, job, group, attempt, reason, dueAtMs, waitsFor] = change;
      const waited = waitsFor === null ? '' : `,"waits_for":"${waitsFor}"`;
      const members = `${ofLaunch(job, group)},"attempt":${attempt},"reason":"${reason}","due":"${timeOfMs(dueAtMs)}"${waited}`;
      return { topic, type: 'waits', job, members };
    }
    case 'launchEnded': {
      const [, job, group, status] = change;
      return { topic, type: 'ended', job, members: `${ofLaunch(job, group)},"status":"${status}"` };
    }
    case 'launchNoted': {
      const [, job, note] = change;
      return { topic, type: note.kind, job, members: ofNote(note) };
    }
    default:
      return assertNever(change);
  }
}

function executionEvent(
  change: Told<'executionOpened' | 'executionEnded' | 'executionStopping' | 'executionDropped'>,
): ToldEvent {
  const topic = 'execution';
  switch (change[0]) {
    case 'executionOpened': {
      const [, job, id, group, node, attempt, cause, scheduledAtMs] = change;
      const members = ofExecution(job, group, id, node, attempt) + ofCause(cause, scheduledAtMs);
      return { topic, type: 'started', job, members };
    }
    case 'executionEnded': {
      const [, job, id, group, node, attempt, outcome, startedAtNs, finishedAtNs, outputBytes] = change;
      const times = `,"started_at":"${timeOfNs(startedAtNs)}","finished_at":"${timeOfNs(finishedAtNs)}"`;
      const end = `,"outcome":"${outcome}"${times},"output_bytes":${outputBytes}`;
      return { topic, type: 'ended', job, members: ofExecution(job, group, id, node, attempt) + end };
    }
    case 'executionStopping': {
      const [, job, id, group, reason] = change;
      const members = `${ofLaunch(job, group)},"execution":${jsonString(id)},"reason":"${reason}"`;
      return { topic, type: 'stopping', job, members };
    }
    case 'executionDropped': {
      const [, job, id] = change;
      return { topic, type: 'dropped', job, members: `${ofJob(job)},"execution":${jsonString(id)}` };
    }
    default:
      return assertNever(change);
  }
}

export const leaderEvent = (leader: NodeName | null, isLeader: boolean): ToldEvent => ({
  topic: 'leader',
  type: 'changed',
  job: null,
  members: `,"leader":${leader === null ? 'null' : jsonString(leader)},"is_leader":${isLeader}`,
});

/** What became of the members, from one list of them to the next. */
export function memberEvents(before: readonly ClusterMember[], after: readonly ClusterMember[]): ToldEvent[] {
  const known = new Map(before.map((member) => [member.name, member]));
  const events: ToldEvent[] = [];
  for (const member of after) {
    const old = known.get(member.name);
    known.delete(member.name);
    const type = memberChange(old, member);
    if (type !== null) events.push(memberEvent(type, member));
  }
  for (const gone of known.values()) {
    if (gone.status !== 'left') events.push(memberEvent('left', { ...gone, status: 'left' }));
  }
  return events;
}

function memberChange(old: ClusterMember | undefined, member: ClusterMember): string | null {
  const { status } = member;
  if (old?.status !== status) {
    if (status === 'left' || status === 'failed') return status;
    return status === 'alive' ? 'joined' : 'changed';
  }
  const isSame = old.address === member.address && old.port === member.port && ofTags(old.tags) === ofTags(member.tags);
  return isSame ? null : 'changed';
}

const ofTags = (tags: ClusterMember['tags']): string => JSON.stringify(Object.entries(tags).sort());

const memberEvent = (type: string, { name, address, port, status }: ClusterMember): ToldEvent => ({
  topic: 'member',
  type,
  job: null,
  members: `,"member":${jsonString(name)},"address":${jsonString(`${address}:${port}`)},"status":"${status}"`,
});

export const outputEvent = ({ id, job, node, offset, chunk }: OutputPiece): ToldEvent => ({
  topic: 'output',
  type: 'chunk',
  job,
  members:
    `${ofJob(job)},"execution":${jsonString(id)},"node":${jsonString(node)}` +
    `,"offset":${offset},"bytes":${chunk.length},"text":${jsonBytes(chunk)}`,
});

const ofJob = (job: JobName): string => `,"job":${jsonString(job)}`;

const ofLaunch = (job: JobName, group: Digits): string => `${ofJob(job)},"launch":"${group}"`;

const ofExecution = (job: JobName, group: Digits, id: string, node: NodeName, attempt: number): string =>
  `${ofLaunch(job, group)},"execution":${jsonString(id)},"node":${jsonString(node)},"attempt":${attempt}`;

const ofCause = (cause: Cause, dueAtMs: WallMs): string => `,"cause":"${cause}","due":"${timeOfMs(dueAtMs)}"`;

const ofNote = ({ job, fromMs, toMs, count, reason }: LaunchNote): string =>
  `${ofJob(job)},"from":"${timeOfMs(fromMs)}","to":"${timeOfMs(toMs)}","count":${count},"reason":${jsonString(reason)}`;

export const timeOfMs = (at: WallMs): string => formatInstant(instantOfMs(at));
const timeOfNs = (at: Digits): string => formatInstant(instantOfNs(wallNs(BigInt(at))));
