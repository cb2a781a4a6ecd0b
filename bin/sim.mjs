// `npm run sim -- --seeds 500`: many seeds of the simulation; `--seed 17`: that one, or the first of several.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string', default: '1' } } });
const env = { ...process.env, SIM_SEED: values.seed, SIM_SEEDS: values.seeds ?? '1' };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/simulation/one-node.test.ts'], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
