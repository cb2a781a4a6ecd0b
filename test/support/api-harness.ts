import { cronExtensions } from '../../src/adapters/cron-extensions.ts';
import { IntlZones } from '../../src/adapters/zones.ts';
import { Api } from '../../src/api/api.ts';
import { isApiErrorCode } from '../../src/api/errors.ts';
import { EventHub } from '../../src/api/events/event-hub.ts';
import { storedOutput } from '../../src/api/handlers/executions.ts';
import type { HttpAnswer, RequestHeaders, WebSocketPort } from '../../src/api/http.ts';
import { JobTexts } from '../../src/api/job-texts.ts';
import { OutputFollows } from '../../src/api/output/follows.ts';
import { ScheduleRules } from '../../src/api/schedule-rules.ts';
import type { BusyExecution, ClusterMember, Done, Outcome, Services, Writes } from '../../src/api/services.ts';
import type { Command, CommandResult, ImportItem, ImportRefusal } from '../../src/core/jobs/commands.ts';
import type { ExecutionRecord, JobRecord, StringMap } from '../../src/core/jobs/records.ts';
import { executionId, type JobName, type Stamp, wallMs, wallNsOf } from '../../src/core/units.ts';
import { gatheredStream } from './gathered-stream.ts';
import { NODE, StateHarness } from './state-harness.ts';

export const testRules = new ScheduleRules(new IntlZones('UTC'), cronExtensions);

export const testMember: ClusterMember = {
  name: NODE,
  address: '127.0.0.1',
  port: 8946,
  tags: {
    dc: 'dc1',
    expect: '1',
    port: '6868',
    region: 'global',
    role: 'dkron',
    rpc_addr: '127.0.0.1:6868',
    server: 'true',
    version: 'devel',
  },
  status: 'alive',
};

export interface SentRequest {
  readonly body?: string | Uint8Array;
  readonly headers?: Partial<RequestHeaders>;
  /** Asks for a WebSocket, which takes everything. */
  readonly isUpgrade?: boolean;
}

const silentSocket: WebSocketPort = {
  send: () => undefined,
  gather: (send) => send(),
  bufferedBytes: 0,
  isBehind: false,
  close: () => undefined,
};

/** The API over the real state machine, in memory and in one turn; jobs "run" when a test says so. */
export class ApiHarness {
  readonly state = new StateHarness();
  readonly warnings: string[] = [];
  readonly services: Services;
  readonly outputs = new OutputFollows(
    () => undefined,
    (job, id) => storedOutput(this.state.reader, job, id),
  );
  readonly api: Api;
  readonly #turns: (() => void)[] = [];
  readonly #jobTexts = new JobTexts();
  hasRoom = true;
  /** The next write fails with this code. */
  failNext: string | null = null;
  members: readonly ClusterMember[] = [testMember];
  leader: typeof NODE | null = NODE;
  /** Requests with `?wait`: ended by `end`. */
  readonly stopping = new Set<() => void>();
  readonly waiting = new Map<Stamp, (outcome: Outcome<Stamp>) => void>();

  constructor(ui = true) {
    this.state.nowMs = wallMs(Date.UTC(2026, 10, 21, 7, 5));
    this.services = {
      node: { name: NODE, version: 'devel', region: 'global', encrypted: false, ui },
      state: this.state.reader,
      jobPage: (query) => this.state.reader.jobs(query),
      jobTexts: this.#jobTexts,
      writes: this.#writes(),
      cluster: {
        members: () => this.members,
        leader: () => this.leader,
        isLeader: () => this.leader === NODE,
        isReady: () => this.leader !== null,
      },
      rules: testRules,
      metrics: {
        readCounters: () =>
          new Map([
            ['launches', 3],
            ['http_answers_total{class="2xx"}', 7],
          ]),
        readGauges: () => new Map([['state_applied_index', 12]]),
      },
      events: new EventHub({
        nowMs: () => this.state.nowMs,
        output: { wanted: () => undefined, after: (delayMs, turn) => this.#after(delayMs, turn) },
      }),
      outputs: this.outputs,
      pause: { isPaused: false },
      running: { backups: 0 },
      nowMs: () => this.state.nowMs,
      after: (delayMs, turn) => this.#after(delayMs, turn),
      hasRoom: () => this.hasRoom,
      uuid: () => '1de66b1e-5ac7-07e6-3630-439294d5d3a1',
      warn: (message) => this.warnings.push(message),
    };
    this.api = new Api(this.services);
  }

  /** The answer, or null while the request waits. */
  request(
    method: string,
    target: string,
    { body = '', headers = {}, isUpgrade = false }: SentRequest = {},
  ): HttpAnswer | null {
    // Nobody says here which jobs have changed since the last request.
    this.#jobTexts.missedSome();
    let given: HttpAnswer | null = null;
    const answer = (one: HttpAnswer): void => {
      if (given !== null) throw new Error('answered twice');
      given = one;
    };
    this.api.handle({
      request: {
        method,
        target,
        headers: { host: 'localhost:8080', origin: '', accept: '', contentType: '', ...headers },
        body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      },
      answer,
      stream: (head) =>
        gatheredStream(head, (whole) => {
          if (whole !== null) answer(whole);
        }),
      upgrade: isUpgrade
        ? (listener) => {
            answer({ status: 101, headers: [], body: '' });
            listener.opened(silentSocket);
          }
        : null,
      onAborted: () => undefined,
    });
    return given;
  }

  send(method: string, target: string, options: SentRequest = {}): HttpAnswer {
    const answer = this.request(method, target, options);
    if (answer === null) throw new Error(`${method} ${target} has no answer yet`);
    return answer;
  }

  /** Lets everything that runs end, retries and children too; `echo` echoes, `false` fails. */
  runToEnd(): void {
    for (let round = 0; round < 20; round += 1) {
      const jobs: string[] = [];
      this.state.reader.eachJob((job) => jobs.push(job.name));
      for (const record of jobs.flatMap((name) => this.state.running(name))) {
        const command = this.state.job(record.job).executorConfig?.command ?? '';
        const fails = command === 'false';
        this.state.finish(record, fails ? 'failed' : 'success', fails ? 'exit status 1\n' : `${command.slice(5)}\n`);
      }
      this.state.nowMs = wallMs(this.state.nowMs + 1_000);
      if (this.state.assignAll() === 0) break;
    }
    for (const [group, ended] of this.waiting) ended({ ok: true, value: group });
    this.waiting.clear();
    for (const end of this.stopping) end();
    this.stopping.clear();
  }

  /** Turns that are due at once run in their order, without growing the stack; others never come. */
  #after(delayMs: number, turn: () => void): () => void {
    if (delayMs > 0) return () => undefined;
    this.#turns.push(turn);
    if (this.#turns.length === 1) {
      for (let next = this.#turns[0]; next !== undefined; next = this.#turns[0]) {
        next();
        this.#turns.shift();
      }
    }
    return () => undefined;
  }

  #writes(): Writes {
    return {
      setJob: (job, next, done) =>
        this.#job({ type: 'setJob', nowMs: this.state.nowMs, job, next }, (outcome) =>
          done(outcome.ok ? { ok: true, value: null } : outcome),
        ),
      deleteJob: (name, done) => this.#job({ type: 'deleteJob', name }, done),
      setDisabled: (name, disabled, next, done) =>
        this.#job({ type: 'setDisabled', nowMs: this.state.nowMs, name, disabled, next }, done),
      deleteExecutions: (name, done) => this.#job({ type: 'deleteExecutions', name }, done),
      run: (name, tags, awaitEnd, done) => this.#run(name, tags, awaitEnd, done),
      importRecords: (lastStamp, items, done) => this.#import(lastStamp, items, done),
      stop: (execution, awaitEnd, done) => this.#stop(execution, awaitEnd, done),
      listBusy: (done) => done(this.#takeFailure() ?? { ok: true, value: this.#busy() }),
      leave: (done) => done(this.#takeFailure() ?? { ok: true, value: this.members }),
    };
  }

  #job(command: Command, done: Done<JobRecord>): void {
    const failure = this.#takeFailure();
    if (failure !== null) {
      done(failure);
      return;
    }
    const result = this.state.apply(command);
    done(result.type === 'job' ? { ok: true, value: result.job } : refusal(result));
  }

  #import(lastStamp: Stamp, items: readonly ImportItem[], done: Done<readonly ImportRefusal[]>): void {
    const failure = this.#takeFailure();
    if (failure !== null) {
      done(failure);
      return;
    }
    const result = this.state.apply({ type: 'import', nowMs: this.state.nowMs, lastStamp, items });
    done(result.type === 'imported' ? { ok: true, value: result.refusals } : refusal(result));
  }

  #run(name: JobName, tags: StringMap | null, awaitEnd: boolean, done: Done<Stamp>): () => void {
    const failure = this.#takeFailure();
    this.state.nowMs = wallMs(this.state.nowMs + 1_000);
    const result = failure === null ? this.state.run(name, isServed(tags) ? ['n0'] : []) : null;
    if (failure !== null) done(failure);
    else if (result?.type !== 'launched') done(refusal(result));
    else if (awaitEnd) this.waiting.set(result.group, done);
    else done({ ok: true, value: result.group });
    return () => this.waiting.clear();
  }

  /** What is waited for ends when a test calls one of `stopping`. */
  #stop({ job, stamp, node }: ExecutionRecord, awaitEnd: boolean, done: Done<null>): () => void {
    const failure = this.#takeFailure();
    const nowNs = wallNsOf(this.state.nowMs);
    const result = failure === null ? this.state.apply({ type: 'stop', nowNs, job, stamp, node }) : null;
    const end = (): void => done({ ok: true, value: null });
    if (failure !== null) done(failure);
    else if (result?.type !== 'done') done(refusal(result));
    else if (awaitEnd && this.state.running(job).length > 0) this.stopping.add(end);
    else end();
    return () => this.stopping.delete(end);
  }

  #takeFailure(): Extract<Outcome<never>, { ok: false }> | null {
    const code = this.failNext;
    this.failNext = null;
    return code === null || !isApiErrorCode(code) ? null : { ok: false, failure: { code, message: '' } };
  }

  #busy(): BusyExecution[] {
    const jobs: string[] = [];
    this.state.reader.eachJob((job) => jobs.push(job.name));
    return jobs
      .flatMap((name) => this.state.running(name))
      .map((record) => ({
        id: executionId(record.stamp, record.node),
        job: record.job,
        node: record.node,
        group: record.group,
        attempt: record.attempt,
        startedAtNs: record.startedAtNs,
        latestOutput: new TextEncoder().encode('one\n'),
      }));
  }
}

function refusal(result: CommandResult | null): Extract<Outcome<never>, { ok: false }> {
  if (result?.type !== 'refused') throw new Error(`unexpected result ${JSON.stringify(result)}`);
  return { ok: false, failure: { code: result.code, message: result.message } };
}

/** Whether the one member has all tags, and a count that takes it (dkron-v4 4.2). */
function isServed(tags: StringMap | null): boolean {
  return Object.entries(tags ?? {}).every(([key, spec]) => {
    const [value, count = '1'] = spec.split(':');
    return testMember.tags[key] === value && Number(count) > 0;
  });
}

export const header = (answer: HttpAnswer, name: string): string | null =>
  answer.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? null;

export const textOf = (answer: HttpAnswer): string =>
  typeof answer.body === 'string' ? answer.body : new TextDecoder().decode(answer.body);
