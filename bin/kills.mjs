// `npm run kills`: kill -9 of a node at random moments while jobs start each second, and what is to be said against it.
import { anyNumber, oneOrMore, readOptions, runTests } from './campaign.mjs';

const usage = `npm run kills -- [options]
  --times 100        kills
  --seed 1           of the moments
  --per-second 200   jobs that start each second`;

const options = readOptions(usage, {
  times: { type: 'string', default: '100', pattern: oneOrMore },
  seed: { type: 'string', default: '1', pattern: anyNumber },
  'per-second': { type: 'string', default: '200', pattern: oneOrMore },
});
await runTests('test/cluster/kills.test.ts', {
  KILLS_TIMES: options.times,
  KILLS_SEED: options.seed,
  KILLS_PER_SECOND: options['per-second'],
});
