import { type JobName, jobName } from '../../core/units.ts';
import { isJobName } from '../job-rules.ts';
import type { Query } from '../query.ts';
import { type EventId, parseId } from './event-id.ts';

/** A topic's bit in a set of topics. */
export const topicBits = { job: 1, launch: 2, execution: 4, output: 8, leader: 16, member: 32 } as const;

export type Topic = keyof typeof topicBits;

const DEFAULT_BITS = topicBits.job | topicBits.launch | topicBits.execution | topicBits.leader | topicBits.member;
const OF_JOBS = topicBits.job | topicBits.launch | topicBits.execution | topicBits.output;

/** What a client wants to hear. */
export interface EventFilter {
  readonly bits: number;
  /** Null: of all jobs. */
  readonly job: JobName | null;
}

export interface EventWish {
  readonly filter: EventFilter;
  /** The last event that the client has; null: from now on. */
  readonly from: EventId | null;
}

/** `job` is that of the event; null: it is of no job. */
export const isWanted = (filter: EventFilter, bit: number, job: JobName | null): boolean =>
  (filter.bits & bit) !== 0 && (filter.job === null || job === null || job === filter.job);

/** The names of the topics in a set. */
export const topicsOf = (bits: number): string[] =>
  Object.entries(topicBits).flatMap(([topic, bit]) => ((bits & bit) === 0 ? [] : [topic]));

/** The parameters of a request for events. A text says what is wrong with them. */
export function readWish(query: Query): EventWish | string {
  const job = query.get('job') ?? '';
  const named = query.get('topics') ?? '';
  if (job !== '' && !isJobName(job)) return 'job must be the name of a job';
  let bits = job === '' ? DEFAULT_BITS : DEFAULT_BITS & OF_JOBS;
  if (named !== '') {
    bits = 0;
    for (const topic of named.split(',')) {
      if (!isTopic(topic)) return `topics must be some of ${Object.keys(topicBits).join(', ')}, with commas between`;
      bits |= topicBits[topic];
    }
  }
  const text = query.get('from') ?? '';
  const from = text === '' ? null : parseId(text);
  if (text !== '' && from === null) return 'from must be the id of an event, such as 812.3';
  return { filter: { bits, job: job === '' ? null : jobName(job) }, from };
}

const isTopic = (text: string): text is Topic => Object.hasOwn(topicBits, text);
