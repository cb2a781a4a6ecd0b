import type { JobRecord } from '../core/jobs/records.ts';
import { type JobName, jobName } from '../core/units.ts';
import { emptyError, jsonAnswer, ownError } from './answers.ts';
import type { AnswerHead, AnswerStream, Exchange, Header, HttpAnswer, HttpRequest } from './http.ts';
import { jobJson } from './job-json.ts';
import { jobListJson } from './job-list.ts';
import { isJobName } from './job-rules.ts';
import type { Query } from './query.ts';
import type { Failure, Services } from './services.ts';

export const noJob = (name: JobName): Failure => ({ code: 'job_not_found', message: `there is no job ${name}` });

/** One request on its way through a handler: what it asks, what there is to answer it from, and how. */
export class Call {
  readonly services: Services;
  readonly request: HttpRequest;
  readonly query: Query;
  /** Values of the route's parameters, decoded. */
  readonly parameters: readonly string[];
  readonly #exchange: Exchange;
  readonly #headers: readonly Header[];

  constructor(
    services: Services,
    exchange: Exchange,
    query: Query,
    parameters: readonly string[],
    headers: readonly Header[],
  ) {
    this.services = services;
    this.request = exchange.request;
    this.query = query;
    this.parameters = parameters;
    this.#exchange = exchange;
    this.#headers = headers;
  }

  /** `headers` given to the call go with every answer. */
  answer(answer: HttpAnswer): void {
    this.#exchange.answer({ ...answer, headers: [...answer.headers, ...this.#headers] });
  }

  /** Makes the connection a WebSocket; null: the request does not ask for one. */
  get upgrade(): Exchange['upgrade'] {
    return this.#exchange.upgrade;
  }

  /** Begins an answer in pieces. */
  stream(head: AnswerHead): AnswerStream {
    return this.#exchange.stream({ ...head, headers: [...head.headers, ...this.#headers] });
  }

  /** Indented when the query has `pretty`, with any value. */
  json(status: number, compact: string | Uint8Array, headers: readonly Header[] = []): void {
    this.answer(jsonAnswer(status, compact, this.query.has('pretty'), headers));
  }

  /** A list with its length, or the length before it was cut to a page. */
  list(items: readonly string[], total = items.length): void {
    this.json(200, `[${items.join(',')}]`, [['X-Total-Count', String(total)]]);
  }

  /** A page of jobs, with how many there are. */
  jobs(jobs: Iterable<JobRecord>, total: number): void {
    this.json(200, jobListJson(jobs), [['X-Total-Count', String(total)]]);
  }

  job(status: number, job: JobRecord, headers: readonly Header[] = []): void {
    this.json(status, jobJson(job), headers);
  }

  /** An answer without a body, as Dkron gives it for most failures. */
  fail({ code, message }: Failure): void {
    this.answer(emptyError(code, message));
  }

  /** An error of our own routes, with its sentence in the body. */
  refuse({ code, message }: Failure): void {
    this.answer(message === '' ? ownError(code) : ownError(code, message));
  }

  onAborted(listener: () => void): void {
    this.#exchange.onAborted(listener);
  }

  /** The route's first parameter. */
  get jobName(): JobName {
    return jobName(this.parameters[0] ?? '');
  }

  /** The job that the path names; when there is none, the request is answered. */
  findJob(): JobRecord | undefined {
    const job = isJobName(this.jobName) ? this.services.state.job(this.jobName) : undefined;
    if (job === undefined) this.fail(noJob(this.jobName));
    return job;
  }
}
