import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobListing } from '../../src/api/catalogue/listing.ts';
import { type JobQuery, jobSortFields } from '../../src/core/jobs/reads.ts';
import { limits } from '../../src/core/limits.ts';
import { type Instant, jobName } from '../../src/core/units.ts';
import { StateHarness } from '../support/state-harness.ts';

/** From so many jobs on a catalogue answers. */
const many = limits.jobsListedFromStore;
const fewNames = Array.from({ length: 12 }, (_, index) => `job-${index}`);

const text = fc.oneof(
  fc.constantFrom('', 'a', 'A', 'ab', 'Ä', 'é', '\u{1f514}', 'x'.repeat(300), `${'x'.repeat(299)}y`),
  fc.string({ maxLength: 3 }).map((value) => value.replaceAll('\0', '')),
);
const instant: fc.Arbitrary<Instant | null> = fc.oneof(
  fc.constantFrom(null, [0, 0], [5, 0], [-5, 10], [1_800_000_000, 5], [1_800_000_000, 10], [9_999_999_999, 0]),
  fc.tuple(fc.integer({ min: 1_000_000_000, max: 1_000_000_003 }), fc.constantFrom(0, 1, 20, 100_000_000)),
) as fc.Arbitrary<Instant | null>;
const metadata = fc.constantFrom(null, { team: 'a' }, { team: 'b', tier: '1' }, { team: '' }, { note: '["team","a"]' });

const write = fc.record({
  name: fc.constantFrom(...fewNames),
  deletes: fc.boolean(),
  displayname: text,
  schedule: fc.constantFrom('@every 10s', '@Every 10s', '@hourly', '0 0 * * * *'),
  disabled: fc.boolean(),
  successCount: fc.constantFrom(0, 1, 2, 10, 255, 4_294_967_296, -1),
  errorCount: fc.constantFrom(0, 1, 3),
  lastSuccess: instant,
  lastError: instant,
  status: fc.constantFrom('', 'success', 'failed', 'odd'),
  next: instant,
  metadata,
});

const query: fc.Arbitrary<JobQuery> = fc.record({
  sort: fc.constantFrom(...jobSortFields),
  descending: fc.boolean(),
  search: fc.constantFrom('', 'job', 'job-1', 'a', 'é', 'nothing'),
  metadata: fc.constantFrom(
    [],
    [['team', 'a'] as const],
    [['team', 'b'] as const, ['tier', '1'] as const],
    [['team', ''] as const],
  ),
  status: fc.constantFrom(null, '', 'success', 'odd'),
  disabled: fc.constantFrom(null, true, false),
  start: fc.constantFrom(0, 1, 5, many, many + 5),
  end: fc.constantFrom(null, 0, 3, 10, many + 10),
});

type Write = typeof write extends fc.Arbitrary<infer Value> ? Value : never;

/** A state with enough jobs for a catalogue, its listing, and the turns in which that asks to be built. */
class World {
  readonly state = new StateHarness();
  #turns = 0;
  readonly listing = new JobListing(this.state.reader, () => {
    this.#turns += 1;
  });

  constructor() {
    for (let index = 0; index < many; index += 1) this.state.setJob(`filler-${index}`);
  }

  buildAll(): void {
    while (this.#turns > 0) {
      this.#turns -= 1;
      this.listing.build();
    }
  }

  write({ name, deletes, next, ...fields }: Write): void {
    if (deletes) this.state.apply({ type: 'deleteJob', name: jobName(name) });
    else this.state.setJob(name, fields, next);
    this.listing.changed([jobName(name)]);
  }
}

describe('the catalogue of jobs', () => {
  it('gives what the indexes of the store give, however jobs change', () => {
    const world = new World();
    world.listing.page({ ...plain, sort: 'next' });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 8 }), fc.array(query, { maxLength: 4 }), (writes, queries) => {
        const compare = (): void => {
          for (const asked of queries)
            expect(named(world.listing.page(asked))).toEqual(named(world.state.reader.jobs(asked)));
        };
        // What was found before the changes is kept up with them.
        compare();
        for (const change of writes) world.write(change);
        world.buildAll();
        compare();
      }),
      { numRuns: 60 },
    );
  });

  it('answers from the store until it is complete, and begins anew after changes it did not hear of', () => {
    const world = new World();
    const asked: JobQuery = { ...plain, search: 'job-' };
    expect(world.listing.page(asked).total).toBe(0);
    world.state.setJob('job-unheard');
    expect(world.listing.page(asked).total).toBe(1);
    world.buildAll();
    expect(world.listing.page(asked).total).toBe(1);
    world.state.setJob('job-missed');
    expect(world.listing.page(asked).total).toBe(1);
    world.listing.missedSome();
    expect(world.listing.page(asked).total).toBe(2);
    world.buildAll();
    expect(world.listing.page(asked).total).toBe(2);
  });

  it('is let go when most jobs are gone: the store answers again', () => {
    const world = new World();
    world.listing.page(plain);
    world.buildAll();
    const gone = Array.from({ length: many - many / 4 }, (_, index) => jobName(`filler-${index}`));
    for (const name of gone) world.state.apply({ type: 'deleteJob', name });
    world.listing.changed(gone);
    world.state.setJob('job-unheard');
    expect(world.listing.page({ ...plain, search: 'job-' }).total).toBe(1);
    expect(world.listing.page(plain).total).toBe(many / 4 + 1);
  });
});

const plain: JobQuery = {
  sort: 'name',
  descending: false,
  search: '',
  metadata: [],
  status: null,
  disabled: null,
  start: 0,
  end: null,
};

const named = ({ total, jobs }: ReturnType<JobListing['page']>) => ({
  total,
  names: [...jobs].map(({ name }) => name),
});
