import { STATUS_CODES } from 'node:http';
import type { Pool } from 'undici';
import { assert } from '../../src/core/assert.ts';
import { Prng } from '../../src/core/prng.ts';
import { type ConstantAnswer, startConstantServer } from '../baselines/constant-server.ts';
import type { Effort } from '../frame/effort.ts';
import type { Scope } from '../frame/scope.ts';
import type { Case, Contender, Suite } from '../frame/suite.ts';
import { closedLoop } from '../support/closed-loop.ts';
import { type Ask, ask, openPool } from '../support/http.ts';
import { clientConnections, storedJob, storedName, storeJobs } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';

const pageSize = 25;
/** Headers that uWebSockets.js adds by itself, also in the bare server. */
const addedByServer = new Set(['date', 'uwebsockets', 'content-length', 'connection', 'transfer-encoding']);

interface Subject {
  readonly name: string;
  readonly unit: string;
  readonly connections: number;
  readonly count: number;
  /** A new one at each call. */
  readonly next: () => Ask;
}

export const apiSuite: Suite = {
  name: 'api',
  about: 'requests to a node in its own process, against a bare uWebSockets.js server with the same answers',
  async open(scope, effort) {
    const { url } = await NodeProcess.start(scope);
    const pool = openPool(scope, url, clientConnections);
    const jobs = effort.amount(10_000, 100);
    await storeJobs(pool, jobs);
    const subjects = subjectsOf(jobs, effort);
    const examples = await Promise.all(subjects.map(({ next }, index) => exampleOf(pool, next(), pathOf(index))));
    const { url: bareUrl } = await startConstantServer(scope, examples);
    return subjects.map((subject, index) => apiCase(scope, subject, { url, bareUrl, barePath: pathOf(index) }));
  },
};

const pathOf = (index: number): string => `/answer${index}`;

function subjectsOf(jobs: number, effort: Effort): readonly Subject[] {
  const prng = new Prng(effort.seed);
  let created = 0;
  const getNext = (): Ask => ({ method: 'GET', path: `/v1/jobs/${storedName(prng.below(jobs))}`, status: 200 });
  const listNext = (): Ask => {
    const start = prng.below(jobs - pageSize);
    return { method: 'GET', path: `/v1/jobs?_start=${start}&_end=${start + pageSize}`, status: 200 };
  };
  const createNext = (): Ask => {
    created += 1;
    return create(`new-${String(created).padStart(7, '0')}`);
  };
  const many = { connections: clientConnections };
  const one = { connections: 1 };
  return [
    { name: 'get a job', unit: 'GETs', count: effort.amount(20_000, 300), next: getNext, ...many },
    { name: 'get a job', unit: 'GETs', count: effort.amount(4_000, 50), next: getNext, ...one },
    { name: `list ${pageSize} of ${jobs}`, unit: 'GETs', count: effort.amount(2_000, 100), next: listNext, ...many },
    { name: 'create a job', unit: 'POSTs', count: effort.amount(5_000, 100), next: createNext, ...many },
    { name: 'create a job', unit: 'POSTs', count: effort.amount(500, 10), next: createNext, ...one },
  ];
}

const create = (name: string): Ask => ({
  method: 'POST',
  path: '/v1/jobs',
  body: JSON.stringify(storedJob(name)),
  status: 201,
});

/** What the bare server is to send: an answer of the node. */
async function exampleOf(pool: Pool, question: Ask, path: string): Promise<ConstantAnswer> {
  const { headers, body } = await ask(pool, question);
  const sent = Object.entries(headers).filter(([name]) => !addedByServer.has(name));
  return {
    path,
    status: `${question.status} ${STATUS_CODES[question.status]}`,
    headers: sent.map(([name, value]) => [name, String(value)]),
    body,
  };
}

interface Servers {
  readonly url: string;
  readonly bareUrl: string;
  readonly barePath: string;
}

function apiCase(scope: Scope, subject: Subject, { url, bareUrl, barePath }: Servers): Case {
  const { connections, count, next } = subject;
  const contender = (name: string, pool: Pool, adapt: (question: Ask) => Ask): Contender => ({
    name,
    run: () =>
      closedLoop(connections, count, async () => {
        const { body } = await ask(pool, adapt(next()));
        assert(body.includes('"metadata":{'), 'a job is answered');
      }),
  });
  return {
    type: 'case',
    name: `${subject.name}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
    unit: subject.unit,
    ours: contender('node', openPool(scope, url, connections), (question) => question),
    baselines: [
      contender('bare server', openPool(scope, bareUrl, connections), (question) => ({ ...question, path: barePath })),
    ],
  };
}
