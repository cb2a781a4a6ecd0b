import { Prng } from '../../src/core/prng.ts';
import { RawAppend } from '../baselines/raw-append.ts';
import type { Effort } from '../frame/effort.ts';
import { atLeast, atMost, ratioReading } from '../frame/reading.ts';
import type { Scope } from '../frame/scope.ts';
import type { Case, Contender, Suite } from '../frame/suite.ts';
import { type Ask, openPool } from '../support/http.ts';
import { clientConnections, storedJob, storedName, storeJobs } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';
import { requestCases, type Subject } from '../support/requests.ts';

/** The command that creates a job is about this long. */
const appendedRecord = new Uint8Array(300).fill(0x61);

export const apiSuite: Suite = {
  name: 'api',
  about: 'requests to a node in its own process, against a bare uWebSockets.js server with the same answers',
  async open(scope, effort) {
    const { url } = await NodeProcess.start(scope);
    const jobs = effort.amount(10_000, 100);
    await storeJobs(openPool(scope, url, clientConnections), jobs);
    return requestCases(scope, url, [...gets(jobs, effort), ...creates(scope, effort)]);
  },
};

function gets(jobs: number, effort: Effort): readonly Subject[] {
  const prng = new Prng(effort.seed);
  const get = {
    name: 'get a job',
    unit: 'GETs',
    next: (): Ask => ({ method: 'GET', path: `/v1/jobs/${storedName(prng.below(jobs))}`, status: 200 }),
    isRight: isJob,
    judge: (_ours, [bare]) => [ratioReading('rate ÷ bare', bare?.ratio, 0.5)],
  } satisfies Partial<Subject>;
  return [
    { ...get, connections: clientConnections, count: effort.amount(20_000, 300) },
    { ...get, connections: 1, count: effort.amount(4_000, 50) },
  ];
}

function creates(scope: Scope, effort: Effort): readonly Subject[] {
  let created = 0;
  const create = {
    name: 'create a job',
    unit: 'POSTs',
    next: (): Ask => {
      created += 1;
      const body = JSON.stringify(storedJob(`new-${String(created).padStart(7, '0')}`));
      return { method: 'POST', path: '/v1/jobs', body, status: 201 };
    },
    isRight: isJob,
  };
  const one = effort.amount(500, 10);
  const raw = new RawAppend(scope);
  const append: Contender = { name: 'append + fdatasync', run: () => raw.run(appendedRecord, 1, one) };
  return [
    { ...create, connections: clientConnections, count: effort.amount(5_000, 100), judge: judgeMany },
    { ...create, connections: 1, count: one, baselines: [append], judge: judgeOne },
  ];
}

const isJob: Subject['isRight'] = ({ body }) => body.includes('"metadata":{');

const judgeMany: NonNullable<Case['judge']> = ({ perSecond }) => [
  { what: 'rate', unit: 'per second', ours: perSecond, baseline: null, target: atLeast(10_000, '') },
];

const judgeOne: NonNullable<Case['judge']> = ({ p50Ms }, [, append]) => {
  const rawMs = append?.p50Ms ?? 0;
  const baseline = { contender: 'append + fdatasync', value: rawMs };
  return [{ what: 'p50', unit: 'ms', ours: p50Ms ?? 0, baseline, target: atMost(rawMs + 1, 'raw + 1 ms') }];
};
