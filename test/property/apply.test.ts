import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobsInText } from '../../src/cli/apply/job-text.ts';
import { makePlan, type Plan } from '../../src/cli/apply/plan.ts';
import type { JsonObject } from '../../src/cli/client/json.ts';
import { jobDocument } from '../../src/cli/show/job-document.ts';
import { ApiHarness, testRules, textOf } from '../support/api-harness.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const texts = fc.dictionary(text, text, { maxKeys: 3 });
const instant = fc
  .date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2090-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().replace('Z', '+02:00'));

/** Definitions that the server takes, in many writings: absent, null, empty and default values are the same to it. */
const definition: fc.Arbitrary<JsonObject> = fc.record(
  {
    schedule: fc.constantFrom('@every 1h', '@manually', '0 0 1 * * *'),
    displayname: text,
    timezone: fc.constantFrom('', 'Europe/Berlin'),
    owner: text,
    disabled: fc.boolean(),
    tags: fc.option(texts),
    metadata: fc.option(texts),
    retries: fc.nat(9),
    processors: fc.option(fc.dictionary(text, texts, { maxKeys: 2 })),
    concurrency: fc.constantFrom('allow', 'forbid', 'replace', 'queue'),
    executor: fc.constantFrom('', 'shell'),
    executor_config: fc.option(fc.record({ command: text, shell: fc.constantFrom('true', '') })),
    ephemeral: fc.boolean(),
    starts_at: fc.option(instant),
    catchup: fc.option(fc.record({ policy: fc.constantFrom('skip', 'once') })),
    on_lost: fc.constantFrom('', 'rerun'),
    max_executions: fc.option(fc.integer({ min: 1, max: 3 })),
    retry: fc.option(fc.record({ interval: fc.constantFrom('1s', '10s') }, { requiredKeys: [] })),
    retention: fc.option(fc.record({ count: fc.constantFrom(1, 100), age: fc.constantFrom(null, '1h') })),
    success_count: fc.nat(5),
    status: fc.constantFrom('', 'failed'),
  },
  { requiredKeys: ['schedule'] },
);

/** A forest: the parent of each job is one before it, or none. */
const family = fc.array(fc.tuple(definition, fc.option(fc.nat())), { maxLength: 8 }).map((entries) =>
  entries.map(([fields, parent], index): JsonObject => {
    const parentName = parent === null || index === 0 ? '' : `job-${parent % index}`;
    return { ...fields, name: `job-${index}`, parent_job: parentName };
  }),
);

class Server {
  readonly #harness = new ApiHarness();

  jobs(): readonly JsonObject[] {
    return JSON.parse(textOf(this.#harness.send('GET', '/v1/jobs')));
  }

  plan(files: readonly JsonObject[]): Plan {
    const filed = files.map((job) => ({ file: 'jobs.json', job }));
    return makePlan({ filed, stored: this.jobs(), prune: new Map(), rules: testRules });
  }

  /** Carries out the first `steps` of a plan. */
  apply({ writes, prunes }: Plan, steps = Number.POSITIVE_INFINITY): void {
    const sends = [
      ...writes.flat().map(
        ({ body }) =>
          () =>
            this.#harness.send('POST', '/v1/jobs', { body }).status,
      ),
      ...prunes.flat().map((name) => () => this.#harness.send('DELETE', `/v1/jobs/${name}`).status),
    ];
    for (const send of sends.slice(0, steps)) expect([200, 201]).toContain(send());
  }
}

const isEmpty = ({ writes, prunes }: Plan): boolean => writes.length === 0 && prunes.length === 0;

describe('apply', () => {
  it('twice changes nothing the second time', () => {
    fc.assert(
      fc.property(family, family, (before, after) => {
        const server = new Server();
        server.apply(server.plan(before));
        server.apply(server.plan(after));
        expect(server.plan(after)).toMatchObject({ writes: [], prunes: [], unchanged: after.length });
      }),
      { numRuns: 60 },
    );
  });

  it('cut off anywhere and repeated ends where it would have ended', () => {
    fc.assert(
      fc.property(family, family, fc.nat(12), (before, after, steps) => {
        const server = new Server();
        server.apply(server.plan(before));
        server.apply(server.plan(after), steps);
        server.apply(server.plan(after));
        expect(isEmpty(server.plan(after))).toBe(true);
        expect(server.jobs().map(({ name }) => name)).toEqual(after.map(({ name }) => name));
      }),
      { numRuns: 60 },
    );
  });

  it('takes what get shows: nothing changes', () => {
    fc.assert(
      fc.property(family, (jobs) => {
        const server = new Server();
        server.apply(server.plan(jobs));
        const shown = server.jobs().flatMap((job) => jobsInText(jobDocument(job), false));
        expect(server.plan(shown)).toMatchObject({ writes: [], prunes: [] });
      }),
      { numRuns: 60 },
    );
  });
});
