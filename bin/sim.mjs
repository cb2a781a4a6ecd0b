// `npm run sim -- --seeds 500`: many seeds of the simulation; `--seed 17`: that one, or the first of several.
// `--boundaries`: a crash of the node and of each actor at every boundary between two effects of a short run.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    boundaries: { type: 'boolean', default: false },
  },
});
const env = { ...process.env, SIM_SEED: values.seed, SIM_SEEDS: values.seeds ?? '1', SIM_BOUNDARIES: 'all' };
const file = values.boundaries ? 'boundaries.test.ts' : 'one-node.test.ts';
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', `test/simulation/${file}`], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
