import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../src/core/jobs/records.ts';
import { movedIndexKeys } from '../../../src/wire/state-keys.ts';
import { StateHarness } from '../../support/state-harness.ts';

const harness = new StateHarness();
harness.setJob('job');
const base: JobRecord = harness.job('job');

const long = 'x'.repeat(200);
const job: fc.Arbitrary<JobRecord | undefined> = fc.option(
  fc
    .record({
      displayname: fc.constantFrom('', 'a', 'A', `${long}${long}1`, `${long}${long}2`),
      successCount: fc.constantFrom(0, 1, -1),
      lastSuccess: fc.constantFrom(null, [5, 0] as const, [5, 1] as const),
      status: fc.constantFrom('', 'success'),
      disabled: fc.boolean(),
      metadata: fc.constantFrom(
        null,
        {},
        { k: '1' },
        { k: '2', l: '1' },
        { [`${long}1`]: 'v', [`${long}2`]: 'v' },
        {
          [`${long}1`]: 'v',
        },
      ),
    })
    .map((fields) => ({ ...base, ...fields })),
  { nil: undefined },
);

const idOf = (key: Uint8Array): string => Buffer.from(key).toString('hex');
const keysOf = (record: JobRecord | undefined): ReadonlySet<string> =>
  new Set(movedIndexKeys(undefined, record).taken.map(idOf));

describe('the index keys of a job that changes', () => {
  it('lead from those of the old record to those of the new one', () => {
    fc.assert(
      fc.property(job, job, (before, after) => {
        const keys = new Set(keysOf(before));
        const { left, taken } = movedIndexKeys(before, after);
        for (const key of left) keys.delete(idOf(key));
        for (const key of taken) keys.add(idOf(key));
        expect([...keys].sort()).toEqual([...keysOf(after)].sort());
      }),
    );
  });

  it('are only those that move', () => {
    const { left, taken } = movedIndexKeys(base, { ...base, successCount: 7, owner: 'somebody' });
    expect([left.length, taken.length]).toEqual([1, 1]);
  });
});
