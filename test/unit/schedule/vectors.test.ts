import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compiled, errorOf, nextTimes, testZones } from '../../support/schedules.ts';

const linesOf = (path: string): string[] =>
  readFileSync(new URL(`../../fixtures/${path}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');

describe('instants that robfig/cron computed', () => {
  test.each([
    ['robfig.jsonl', 2_720],
    ['robfig-more.jsonl', 2_800],
  ])('%s', (file, count) => {
    const vectors = linesOf(`cron-vectors/${file}`).map((line) => JSON.parse(line));
    expect(vectors).toHaveLength(count);
    const different = vectors.filter(({ spec, zone, from, next }) => {
      const schedule = compiled(`CRON_TZ=${zone} ${spec}`);
      return nextTimes(schedule, from, next.length).join() !== next.join();
    });
    expect(different).toEqual([]);
  });
});

describe('schedules and zones that a Dkron was given', () => {
  const requests = ['schedule', 'validate']
    .flatMap((part) => linesOf(`dkron-golden/${part}.jsonl`))
    .map((line) => JSON.parse(line))
    .filter(({ method, body }) => method === 'POST' && body !== undefined)
    .map(({ id, body, status, response }) => ({ id, body, status, response }));

  test.each(requests)('$id', ({ body, status, response }) => {
    const { name, schedule, timezone = '' } = JSON.parse(body);
    const found = testZones.find(timezone);
    const error = found.ok ? errorOf(schedule, { jobName: name, timezone }) : found.error;
    const [, recorded] = /^Job validation failed: (?:can't parse job schedule: )?(.*)\.$/s.exec(response) ?? [];
    if (status === 201) expect(error).toBe('accepted');
    // A panic in Dkron.
    else if (status === 500) expect(error).not.toBe('accepted');
    else if (error !== 'accepted') expect(error).toBe(recorded);
    else
      expect(recorded).not.toMatch(
        /can't parse|range|int from|descriptor|duration|date|fields|spec|location|time zone/,
      );
  });

  test('are many', () => {
    expect(requests.length).toBeGreaterThan(60);
  });
});
