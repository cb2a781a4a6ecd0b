import { describe, expect, it } from 'vitest';
import { dueTimesByHand } from '../../support/observer/due-times.ts';

const at = (time: string): number => Date.parse(`2026-03-01T${time}Z`);
const times = (schedule: string, from: string, to: string, anchor = from): string[] =>
  dueTimesByHand(schedule, at(from), at(to), at(anchor)).map((ms) => new Date(ms).toISOString().slice(11, 19));

describe('the due times that the observer expects', () => {
  it.each([
    ['@every 3s', '10:00:00.400', '10:00:09.999', ['10:00:03', '10:00:06', '10:00:09']],
    ['*/20 * * * * *', '10:00:00', '10:01:00', ['10:00:00', '10:00:20', '10:00:40', '10:01:00']],
    ['5,50-51 1 * * * *', '10:00:00', '10:59:59', ['10:01:05', '10:01:50', '10:01:51']],
    ['30 0/30 9-10 1 3 0', '08:00:00', '12:00:00', ['09:00:30', '09:30:30', '10:00:30', '10:30:30']],
    ['0 0 10 2 * *', '00:00:00', '23:59:59', []],
    ['@at 2026-03-01T10:00:03Z', '10:00:00', '10:00:09', ['10:00:03']],
  ])('of %s', (schedule, from, to, expected) => {
    expect(times(schedule, from, to)).toEqual(expected);
  });

  it('refuses what it cannot read', () => {
    expect(() => times('@daily', '10:00:00', '11:00:00')).toThrow("can't read the schedule @daily");
    expect(() => times('a * * * * *', '10:00:00', '11:00:00')).toThrow("can't read a in a schedule");
  });
});
