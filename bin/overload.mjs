// `npm run overload`: how late jobs start beside far more requests than the API is made for, seen from outside.
//   --times 10,20,40   multiples of 1,000 GETs and 100 creates a second, one after the other
//   --clients 10000    WebSocket clients, a tenth of which never read
//   --listen all       to everything; or one-job: each to one job
//   --seconds 20       for each load; --due 100: jobs due each second
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensure } from './ensure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10,20,40' },
    clients: { type: 'string', default: '10000' },
    listen: { type: 'string', default: 'one-job' },
    seconds: { type: 'string', default: '20' },
    due: { type: 'string', default: '100' },
  },
});
await ensure();
const webSockets = Number(values.clients);
const OVERLOAD = JSON.stringify({
  times: values.times.split(',').map(Number),
  webSockets,
  deafWebSockets: Math.floor(webSockets / 10),
  slowWriters: Math.floor(webSockets / 50),
  slowReaders: Math.floor(webSockets / 500),
  listenTo: values.listen,
  seconds: Number(values.seconds),
  duePerSecond: Number(values.due),
});
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'test/cluster/overload.test.ts', '--disableConsoleIntercept'],
  {
    cwd: root,
    env: { ...process.env, OVERLOAD },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
