import { describe, expect, it } from 'vitest';
import { FieldReader } from '../../../src/wire/fields.ts';
import { plainSubmittedJob, readSubmittedJob } from '../../../src/wire/job-codec.ts';
import { submitted } from '../../support/state-harness.ts';

const FIELDS_OF_FIRST_RELEASE = 20;

describe('a job of the first release', () => {
  it('has none of the policies that came after it', () => {
    const job = submitted('a', { retries: 2, onLost: 'rerun', catchup: { policy: 'once', window: '5s', cap: 1 } });
    const plain = plainSubmittedJob(job) as unknown[];
    const definition = plain[0] as unknown[];
    const written = [definition.slice(0, FIELDS_OF_FIRST_RELEASE), ...plain.slice(1)];
    expect(readSubmittedJob(new FieldReader(written, 'job'))).toEqual(job);
  });
});
