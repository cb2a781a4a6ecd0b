// `npm run overload`: how late jobs start beside far more requests than the API is made for, seen from outside.
import { numbers, oneOrMore, readOptions, runTests } from './campaign.mjs';

const usage = `npm run overload -- [options]
  --times 10,20,40   multiples of 1,000 GETs and 100 creates a second, one after the other
  --clients 10000    WebSocket clients, a tenth of which never read
  --listen one-job   to what they listen: one-job, each to one job; or all, to everything
  --seconds 20       for each load
  --due 100          jobs due each second`;

const options = readOptions(usage, {
  times: { type: 'string', default: '10,20,40', pattern: numbers },
  clients: { type: 'string', default: '10000', pattern: oneOrMore },
  listen: { type: 'string', default: 'one-job', pattern: /^(one-job|all)$/ },
  seconds: { type: 'string', default: '20', pattern: oneOrMore },
  due: { type: 'string', default: '100', pattern: oneOrMore },
});
const webSockets = Number(options.clients);
const OVERLOAD = JSON.stringify({
  times: options.times.split(',').map(Number),
  webSockets,
  deafWebSockets: Math.floor(webSockets / 10),
  slowWriters: Math.floor(webSockets / 50),
  slowReaders: Math.floor(webSockets / 500),
  listenTo: options.listen,
  seconds: Number(options.seconds),
  duePerSecond: Number(options.due),
});
await runTests('test/cluster/overload.test.ts', { OVERLOAD });
