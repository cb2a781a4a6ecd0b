// `npm run heavy`: a job with 10 GB of output, 10,000 short runs in a row, a double fork and 1,000 jobs due at once, one
// after the other, beside jobs that are due each second. Prints memory, zombies and how late the others were.
//   --output 10000000000   --runs 10000   --due 1000   --beats 20
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensure } from './ensure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    output: { type: 'string', default: '10000000000' },
    runs: { type: 'string', default: '10000' },
    due: { type: 'string', default: '1000' },
    beats: { type: 'string', default: '20' },
  },
});
await ensure();
const HEAVY = JSON.stringify({
  outputBytes: Number(values.output),
  runsInARow: Number(values.runs),
  dueAtOnce: Number(values.due),
  beats: Number(values.beats),
});
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', 'test/cluster/heavy.test.ts', '--disableConsoleIntercept'];
const { status } = spawnSync(process.execPath, args, { cwd: root, env: { ...process.env, HEAVY }, stdio: 'inherit' });
process.exitCode = status ?? 1;
