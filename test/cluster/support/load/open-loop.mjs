// Sends requests at a given rate whatever becomes of them (open loop), from a process of its own, so that neither the
// node nor the observer waits for it. Told what to do by its parent; on SIGTERM it says what the node answered.
import { connect } from 'node:net';

const TICK_MS = 5;
/** Beyond, what should be sent waits here, as it would wait in other machines. */
const MOST_CONNECTIONS = 2_000;

const { port, getsPerSecond, createsPerSecond, jobNames } = JSON.parse(process.argv[2]);
/** By method and status, and what was wrong. */
const counts = {};
const count = (what, by = 1) => {
  counts[what] = (counts[what] ?? 0) + by;
};

/** Requests of one method over as many connections as it takes, one request at a time on each. */
class Pool {
  #idle = [];
  #size = 0;
  #waiting = 0;
  #request;
  #label;

  constructor(label, request) {
    this.#label = label;
    this.#request = request;
  }

  get open() {
    return this.#size - this.#idle.length + this.#waiting;
  }

  send() {
    count(`${this.#label} sent`);
    const socket = this.#idle.pop() ?? (this.#size < MOST_CONNECTIONS ? this.#connect() : null);
    if (socket === null) this.#waiting += 1;
    else socket.write(this.#request());
  }

  #connect() {
    this.#size += 1;
    const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? '0';
      if (text.length < head + 4 + Number(length)) return;
      const status = text.slice(9, 12);
      count(`${this.#label} ${status}`);
      if ((status === '503' || status === '429') && !/\r\nretry-after: \d/i.test(text.slice(0, head))) {
        count('refused without Retry-After');
      }
      text = '';
      this.#free(socket);
    });
    socket.on('error', (error) => count(`${this.#label} ${error.code}`));
    socket.on('close', () => {
      this.#size -= 1;
      this.#idle = this.#idle.filter((one) => one !== socket);
    });
    return socket;
  }

  #free(socket) {
    if (this.#waiting === 0) {
      this.#idle.push(socket);
      return;
    }
    this.#waiting -= 1;
    socket.write(this.#request());
  }
}

let created = 0;
const gets = new Pool('GET', () => {
  const name = jobNames[Math.floor(Math.random() * jobNames.length)];
  return `GET /v1/jobs/${name} HTTP/1.1\r\nHost: load\r\n\r\n`;
});
const creates = new Pool('POST', () => {
  created += 1;
  const config = { command: 'true' };
  const job = {
    name: `load-${process.pid}-${created}`,
    schedule: '@manually',
    executor: 'shell',
    executor_config: config,
  };
  const body = JSON.stringify(job);
  return `POST /v1/jobs HTTP/1.1\r\nHost: load\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
});

const startedMs = performance.now();
const sent = { gets: 0, creates: 0 };
setInterval(() => {
  const seconds = (performance.now() - startedMs) / 1_000;
  for (; sent.gets < seconds * getsPerSecond; sent.gets += 1) gets.send();
  for (; sent.creates < seconds * createsPerSecond; sent.creates += 1) creates.send();
}, TICK_MS);

const end = () => {
  count('GET unanswered', gets.open);
  count('POST unanswered', creates.open);
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - startedMs) / 1_000, counts }), () =>
    process.exit(),
  );
};
process.on('SIGTERM', end);
process.stdin.on('end', () => process.exit()).resume();
