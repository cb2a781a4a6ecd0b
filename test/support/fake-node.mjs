// Stands in for a node in the test of the harness: takes the same flags, serves readiness, counts its lives in its data
// directory. FAKE_NODE=refuses ends before serving, FAKE_NODE=deaf ignores SIGTERM.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const flag = (name) => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const data = flag('data-dir');
const [host, port] = flag('http-addr').split(':');

console.log(`life of ${flag('node-name')} begins, port ${port}`);
if (process.env.FAKE_NODE === 'refuses') {
  console.error('no, thanks');
  process.exit(3);
}
mkdirSync(data, { recursive: true });
writeFileSync(path.join(data, String(process.pid)), '');
http
  .createServer((request, response) => {
    response.end(request.url === '/lives' ? String(readdirSync(data).length) : '');
  })
  .listen(Number(port), host);
process.on('SIGTERM', () => {
  if (process.env.FAKE_NODE !== 'deaf') process.exit(0);
});
