// `npm run sim`: seeds of the simulation, or a crash everywhere.
import { anyNumber, oneOrMore, readOptions, runTests } from './campaign.mjs';

const usage = `npm run sim -- [options]
  --seed 1       the first seed
  --seeds 1      how many
  --boundaries   instead: a crash of the node and of each actor at every boundary between two effects of a short run`;

const options = readOptions(usage, {
  seed: { type: 'string', default: '1', pattern: anyNumber },
  seeds: { type: 'string', default: '1', pattern: oneOrMore },
  boundaries: { type: 'boolean', default: false },
});
const file = options.boundaries ? 'boundaries.test.ts' : 'one-node.test.ts';
await runTests(`test/simulation/${file}`, {
  SIM_SEED: options.seed,
  SIM_SEEDS: options.seeds,
  SIM_BOUNDARIES: 'all',
});
