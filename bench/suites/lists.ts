import type { Pool } from 'undici';
import { jobSortFields } from '../../src/core/jobs/reads.ts';
import { Prng } from '../../src/core/prng.ts';
import type { Effort } from '../frame/effort.ts';
import { atMost } from '../frame/reading.ts';
import type { Case, Suite } from '../frame/suite.ts';
import { closedLoop } from '../support/closed-loop.ts';
import { type Answer, type Ask, ask, openPool } from '../support/http.ts';
import { clientConnections, createJobs, type JobBody, storedJob, storedName } from '../support/jobs.ts';
import { NodeProcess } from '../support/node-process.ts';
import { requestCases, type Subject } from '../support/requests.ts';

const pageSize = 25;
const teams = 100;
/** Of all jobs; the last ones, which nobody runs. */
const disabledShare = 0.1;
const sortKeys = ['id', ...jobSortFields] as const;
const filters: readonly (readonly [name: string, query: string])[] = [
  ['q, of most names', 'q=ored-0'],
  ['q, of few names', 'q=0042'],
  ['q, of no name', 'q=nowhere'],
  ['metadata', 'metadata[team]=team-7'],
  ['metadata, two', 'metadata[team]=team-7&metadata[purpose]=measuring'],
  ['status, of few', 'status=success'],
  ['status, of most', 'status=untriggered'],
  ['disabled', 'disabled=true'],
  ['all of them', 'q=0&metadata[purpose]=measuring&status=untriggered&disabled=false&_sort=next&_order=DESC'],
];

export const listsSuite: Suite = {
  name: 'lists',
  about: 'pages of 25 jobs by one connection, against a bare uWebSockets.js server with the same answers',
  async open(scope, effort) {
    const { url } = await NodeProcess.start(scope);
    const jobs = effort.amount(100_000, 200);
    await fill(openPool(scope, url, clientConnections), jobs, effort.amount(500, 10));
    const prng = new Prng(effort.seed);
    return requestCases(scope, url, [
      ...sortKeys.map((sort) => sorted(sort, jobs, prng, effort)),
      ...filters.map(([name, query]) => filtered(name, query, prng, effort)),
    ]);
  },
};

/** Jobs that differ in what lists sort and filter by; `runs` of them have run. */
async function fill(pool: Pool, count: number, runs: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, index) => variedJob(index, index >= count * (1 - disabledShare)));
  await createJobs(pool, jobs);
  await closedLoop(clientConnections, runs, async (index) => {
    await ask(pool, { method: 'POST', path: `/v1/jobs/${storedName(index)}?wait=true`, status: 200 });
  });
}

const variedJob = (index: number, disabled: boolean): JobBody => ({
  ...storedJob(storedName(index)),
  displayname: `Job ${(index * 7_919) % 100_003}`,
  schedule: `@every ${87_600 + (index % 1_000)}h`,
  disabled,
  metadata: { team: `team-${index % teams}`, purpose: 'measuring' },
});

const totalOf = ({ headers }: Answer): number => Number(headers['x-total-count'] ?? Number.NaN);

function subject(name: string, effort: Effort, boundMs: number): Omit<Subject, 'next' | 'isRight'> {
  const judge: Case['judge'] = ({ p99Ms }, [bare]) => {
    const baseline = { contender: 'bare server', value: bare?.p99Ms ?? 0 };
    return [{ what: 'p99', unit: 'ms', ours: p99Ms ?? 0, baseline, target: atMost(boundMs, '') }];
  };
  return { name, unit: 'GETs', connections: 1, count: effort.amount(200, 4), judge };
}

function sorted(sort: string, jobs: number, prng: Prng, effort: Effort): Subject {
  return {
    ...subject(`by ${sort}`, effort, 5),
    next: (): Ask => {
      const start = prng.below(jobs - pageSize);
      const order = prng.below(2) === 0 ? 'ASC' : 'DESC';
      const page = `_start=${start}&_end=${start + pageSize}`;
      return { method: 'GET', path: `/v1/jobs?_sort=${sort}&_order=${order}&${page}`, status: 200 };
    },
    isRight: (answer) => totalOf(answer) === jobs && answer.body.includes('"metadata":{'),
  };
}

function filtered(name: string, query: string, prng: Prng, effort: Effort): Subject {
  return {
    ...subject(name, effort, 15),
    next: (): Ask => {
      const start = prng.below(4) * pageSize;
      return { method: 'GET', path: `/v1/jobs?${query}&_start=${start}&_end=${start + pageSize}`, status: 200 };
    },
    isRight: (answer) => totalOf(answer) >= 0,
  };
}
