import type { Answer, Recording, RequestStep } from './recording.ts';
import { isRequest } from './recording.ts';

/** Why an answer may differ from Dkron's; anything else is a mistake of ours. */
export type Reason =
  /** A number of the list of Dkron's oddities (its section 13.1), which Carillon corrects. */
  | `#${number}`
  /** Dkron fails on bad input with a 5xx; the answer is a 4xx. */
  | '5xx made 4xx'
  /** A behaviour that Carillon has on purpose: an extension, or a promise that Dkron doesn't make. */
  | 'by design';

export interface Divergence {
  /** Id of the recorded case. */
  readonly id: string;
  readonly reason: Reason;
  /** What differs from the recorded answer; what isn't named is as recorded. */
  readonly answer: Partial<Answer>;
}

const json = 'application/json; charset=utf-8';
const text = 'text/plain; charset=utf-8';

const concurrencySentence =
  'Job validation failed: invalid concurrency policy value, use "allow", "forbid", "replace" or "queue".';

const execution = (job: string): string =>
  `[{"id":"1795244775748752194-n0","job_name":"${job}","started_at":"2026-11-21T07:06:15.748752194Z",` +
  `"finished_at":"2026-11-21T07:06:15.751892486Z","success":true,"output":"hi\\n","node_name":"n0",` +
  `"group":1795244775746971265,"attempt":1,"output_truncated":false}]`;

/**
 * The recorded cases in which Carillon answers otherwise, and what it answers. docs/divergence.md explains them to
 * users and lists the same cases (a test compares the two).
 */
export const divergencesOf = (recordings: readonly Recording[]): Divergence[] => [
  { id: 'create-1.3', reason: '#46', answer: { response: nextByTheClock(recorded(recordings, 'create-1.3')) } },
  { id: 'list-0.26', reason: '#44', answer: { status: 400 } },
  { id: 'list-0.27', reason: '#45', answer: recorded(recordings, 'list-0.16') },
  { id: 'list-0.28', reason: '#44', answer: { status: 400 } },
  { id: 'list-0.46', reason: '#10', answer: { status: 200, type: json, response: '[]' } },
  { id: 'list-0.47', reason: '#10', answer: { status: 200, type: json, response: '[]' } },
  { id: 'list-0.48', reason: '#10', answer: { status: 200, type: json, response: '[]' } },
  { id: 'routing-26.0', reason: '#8', answer: { status: 404 } },
  {
    id: 'schedule-84.0',
    reason: '#33',
    answer: {
      status: 400,
      type: text,
      response:
        "Job validation failed: can't parse job schedule: expected a blank and a schedule after the time zone: TZ=UTC.",
    },
  },
  { id: 'validate-10.0', reason: 'by design', answer: { response: concurrencySentence } },
  { id: 'validate-30.0', reason: 'by design', answer: { response: concurrencySentence } },
  { id: 'wipe-0.9', reason: '#1', answer: { total: '1', response: execution('pre-x') } },
  { id: 'wipe-0.10', reason: '#1', answer: { total: '1', response: execution('prefix') } },
];

/** The planned run that the schedule gives, in the place of the start that the update took away. */
const nextByTheClock = (answer: Answer): string =>
  answer.response.replace(/"next":"[^"]*"/, '"next":"2026-11-22T01:30:00Z"');

function recorded(recordings: readonly Recording[], id: string): Answer {
  for (const recording of recordings) {
    for (const step of recording.steps) {
      if (isRequest(step) && step.id === id) return answerOf(step);
    }
  }
  throw new Error(`no recorded case ${id}`);
}

const answerOf = (step: RequestStep): Answer => ({
  status: step.status,
  type: step.type,
  total: step.total,
  location: step.location,
  allowOrigin: step.allowOrigin,
  allow: step.allow,
  response: step.response,
});

/** What Carillon is to answer: the recorded answer, changed by its divergence if it has one. */
export function expectedAnswer(step: RequestStep, divergences: readonly Divergence[]): Answer {
  return { ...answerOf(step), ...divergences.find((divergence) => divergence.id === step.id)?.answer };
}
