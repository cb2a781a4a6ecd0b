// `npm run kills -- --times 100`: kill -9 of a node at random moments while 200 jobs start each second, and what is to be
// said against it. `--seed 7`: begin with these moments; `--per-second 50`: fewer jobs.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensure } from './ensure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    'per-second': { type: 'string', default: '200' },
  },
});
await ensure();
const env = {
  ...process.env,
  KILLS_TIMES: values.times,
  KILLS_SEED: values.seed,
  KILLS_PER_SECOND: values['per-second'],
};
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/cluster/kills.test.ts'], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
