import { describe, expect, it } from 'vitest';
import { JobTexts } from '../../../src/api/job-texts.ts';
import { limits } from '../../../src/core/limits.ts';
import { jobName } from '../../../src/core/units.ts';

const [bell, chime, gong] = [jobName('bell'), jobName('chime'), jobName('gong')];

describe('written-out jobs', () => {
  it('are kept until they change', () => {
    const texts = new JobTexts();
    expect(texts.get(bell)).toBeUndefined();
    texts.keep(bell, '{"name":"bell"}');
    texts.keep(chime, '{"name":"chime"}');
    expect(texts.get(bell)).toBe('{"name":"bell"}');
    texts.changed([bell, gong]);
    expect([texts.get(bell), texts.get(chime)]).toEqual([undefined, '{"name":"chime"}']);
  });

  it('are forgotten when changes were missed', () => {
    const texts = new JobTexts();
    texts.keep(bell, '{}');
    texts.missedSome();
    expect(texts.get(bell)).toBeUndefined();
  });

  it('are bounded: the oldest go, and one that is too large by itself is not kept', () => {
    const texts = new JobTexts();
    const half = ' '.repeat(limits.jobTextCharacters / 2);
    for (const name of [bell, chime, gong]) texts.keep(name, half);
    expect([bell, chime, gong].map((name) => texts.get(name) !== undefined)).toEqual([false, true, true]);
    texts.keep(gong, half);
    expect(texts.get(chime)).toBe(half);
    texts.keep(bell, `${half}${half} `);
    expect([bell, chime, gong].map((name) => texts.get(name))).toEqual([undefined, undefined, undefined]);
    texts.keep(bell, half);
    expect(texts.get(bell)).toBe(half);
  });
});
