import { CronExpressionParser } from 'cron-parser';
import { cronExtensions } from '../../src/adapters/cron-extensions.ts';
import { IntlZones } from '../../src/adapters/zones.ts';
import { assert } from '../../src/core/assert.ts';
import { Prng } from '../../src/core/prng.ts';
import { compileSchedule } from '../../src/core/schedule/compile.ts';
import { nextDueMs, type Schedule } from '../../src/core/schedule/schedule.ts';
import { wallMs } from '../../src/core/units.ts';
import type { Case, Suite } from '../frame/suite.ts';
import { timed } from '../support/timed.ts';

const yearStartMs = Date.UTC(2026, 0, 1);
const daysInYear = 365;
const dayMs = 86_400_000;
const anchorMs = wallMs(0);

/** Minutes for cron-parser are minutes for us: specs on whose meaning both agree. */
const subjects = [
  { spec: '* * * * *', zone: 'UTC' },
  { spec: '0 9 * * 1-5', zone: 'Europe/Berlin' },
  { spec: '0 0 1 * *', zone: 'Europe/Berlin' },
] as const;

export const nextSuite: Suite = {
  name: 'next',
  about: 'the next due time after random instants of a year, compiled beforehand, against cron-parser',
  async open(_scope, effort) {
    const prng = new Prng(effort.seed);
    const instants = Array.from(
      { length: effort.amount(1_000, 50) },
      () => yearStartMs + prng.below(daysInYear) * dayMs + prng.below(dayMs),
    );
    return subjects.map(({ spec, zone }) => nextCase(spec, zone, instants, effort.amount(500, 10)));
  },
};

function nextCase(spec: string, zone: string, instants: readonly number[], ourRounds: number): Case {
  const schedule = compile(`0 ${spec}`, zone);
  const theirs = CronExpressionParser.parse(spec, { tz: zone });
  const parserNext = (afterMs: number): number => {
    theirs.reset(new Date(afterMs));
    return theirs.next().getTime();
  };
  const expected = instants.map((afterMs) => nextDueMs(schedule, wallMs(afterMs), anchorMs) ?? -1);
  const expectedSum = sum(expected);
  return {
    type: 'case',
    name: `${spec} in ${zone}`,
    unit: 'due times',
    ours: {
      name: 'nextDueMs',
      run: () =>
        timed(instants.length * ourRounds, () => {
          for (let round = 0; round < ourRounds; round += 1) {
            let total = 0;
            for (const afterMs of instants) total += nextDueMs(schedule, wallMs(afterMs), anchorMs) ?? -1;
            assert(total === expectedSum, 'the same question has the same answer');
          }
        }),
    },
    baselines: [
      {
        name: 'cron-parser',
        run: () =>
          timed(instants.length, () => assert(sum(instants.map(parserNext)) === expectedSum, `both agree on ${spec}`)),
      },
    ],
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function compile(spec: string, timezone: string): Schedule {
  const options = { jobName: 'bench', timezone, zones: new IntlZones('UTC'), extensions: cronExtensions };
  const compiled = compileSchedule(spec, options);
  if (!compiled.ok) throw new Error(`${spec}: ${compiled.error}`);
  return compiled.schedule;
}
