import { describe, expect, it } from 'vitest';
import { jobJson } from '../../../src/api/job-json.ts';
import { jobListJson } from '../../../src/api/job-list.ts';
import { jobName } from '../../../src/core/units.ts';
import { StateHarness } from '../../support/state-harness.ts';

describe('a list of jobs', () => {
  it('is the same JSON as one text and as many pieces', () => {
    const harness = new StateHarness();
    harness.setJob('job', { displayname: 'é\u{1f514}' });
    const job = harness.reader.job(jobName('job'));
    if (job === undefined) throw new Error('the job is not there');
    const text = (count: number): string => `[${Array.from({ length: count }, () => jobJson(job)).join(',')}]`;
    const list = (count: number): string | Uint8Array => jobListJson(Array.from({ length: count }, () => job));
    for (const count of [0, 1, 3]) expect(list(count)).toBe(text(count));
    expect(Buffer.from(list(2_000)).equals(Buffer.from(text(2_000)))).toBe(true);
    expect(typeof list(2_000)).not.toBe('string');
  });
});
