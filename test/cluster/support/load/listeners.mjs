// Clients that cost a node memory: WebSockets that listen to events, of which some never read, requests whose body comes
// a byte a second, and requests whose answer is never read. Says `ready` when all are connected; ends with its input.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const BATCH = 200;
const BYTE_MS = 1_000;

const { port, jobNames, webSockets, deafWebSockets, listenTo, slowWriters, slowReaders } = JSON.parse(process.argv[2]);
const counts = { open: 0, refused: 0, closed: 0, messages: 0 };

function listen(target, reads) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: load\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    socket.once('data', (piece) => {
      if (piece.toString('latin1').startsWith('HTTP/1.1 101')) counts.open += 1;
      else counts.refused += 1;
      socket.on('data', (bytes) => {
        counts.messages += bytes.length;
        // A ping: whoever answers none is taken for dead.
        if (reads && bytes[0] === 0x89 && bytes.length === 2) socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
      });
      if (!reads) socket.pause();
      resolve();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      counts.closed += 1;
      resolve();
    });
  });
}

function writeSlowly() {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST /v1/jobs HTTP/1.1\r\nHost: load\r\nContent-Length: 100000\r\n\r\n');
  const byte = setInterval(() => socket.write(' '), BYTE_MS);
  socket.on('close', () => clearInterval(byte));
}

/** As many requests on one connection as it takes, and not one answer read. */
function readNothing() {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => undefined);
  for (let request = 0; request < 100; request += 1) socket.write('GET /v1/jobs HTTP/1.1\r\nHost: load\r\n\r\n');
}

const targetOf = (at) => (listenTo === 'all' ? '/v1/events' : `/v1/events?job=${jobNames[at % jobNames.length]}`);
for (let from = 0; from < webSockets; from += BATCH) {
  const places = Array.from({ length: Math.min(BATCH, webSockets - from) }, (_, place) => from + place);
  // Who doesn't read has asked for everything.
  await Promise.all(
    places.map((at) => (at < deafWebSockets ? listen('/v1/events', false) : listen(targetOf(at), true))),
  );
}
for (let at = 0; at < slowWriters; at += 1) writeSlowly();
for (let at = 0; at < slowReaders; at += 1) readNothing();
process.stdout.write('ready\n');
process.on('SIGTERM', () => process.stdout.write(JSON.stringify(counts), () => process.exit()));
process.stdin.on('end', () => process.exit()).resume();
