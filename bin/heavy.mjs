// `npm run heavy`: what a node has to do beside jobs that are due each second, one after the other. Prints memory, zombies
// and how late the others were.
import { anyNumber, oneOrMore, readOptions, runTests } from './campaign.mjs';

const usage = `npm run heavy -- [options]
  --output 10000000000   bytes that one job writes
  --runs 10000           short runs in a row
  --due 1000             jobs due at one instant
  --beats 20             jobs due each second, all the time`;

const options = readOptions(usage, {
  output: { type: 'string', default: '10000000000', pattern: anyNumber },
  runs: { type: 'string', default: '10000', pattern: oneOrMore },
  due: { type: 'string', default: '1000', pattern: oneOrMore },
  beats: { type: 'string', default: '20', pattern: oneOrMore },
});
const HEAVY = JSON.stringify({
  outputBytes: Number(options.output),
  runsInARow: Number(options.runs),
  dueAtOnce: Number(options.due),
  beats: Number(options.beats),
});
await runTests('test/cluster/heavy.test.ts', { HEAVY });
