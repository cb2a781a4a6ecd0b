import net from 'node:net';

/**
 * Below the ranges from which kernels take ports of outgoing connections, so that a port found free stays free.
 * Each worker of vitest has a span of its own.
 */
const firstPort = 20_000;
const portsPerWorker = 1_500;
const workers = 8;

const worker = Number(process.env.VITEST_POOL_ID ?? process.env.VITEST_WORKER_ID ?? '1') % workers;
// Different processes of one worker begin at different places.
let offset = (process.pid * 7) % portsPerWorker;

/** As many ports as asked, on which nothing listens at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; tries < portsPerWorker && found.length < count; tries++) {
    const port = firstPort + worker * portsPerWorker + offset;
    offset = (offset + 1) % portsPerWorker;
    if (await isFree(port)) found.push(port);
  }
  if (found.length < count) throw new Error(`no ${count} free ports from ${firstPort + worker * portsPerWorker}`);
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
