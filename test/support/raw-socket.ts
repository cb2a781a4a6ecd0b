import { once } from 'node:events';
import net from 'node:net';
import { waitUntil } from './wait-until.ts';

/** A TCP connection for what an HTTP client refuses to send: halves, garbage, contradictions. */
export class RawSocket {
  readonly #socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  #closed = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on('close', () => {
      this.#closed = true;
    });
    // A reset is one of the outcomes that tests look at, through `closed`.
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<RawSocket> {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  /** Resolves when the bytes were handed to the kernel, or the connection is gone. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) resolve();
      else this.#socket.write(bytes, () => resolve());
    });
  }

  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Status of the first answer; undefined while there is none. */
  get status(): number | undefined {
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(this.received);
    return match?.[1] === undefined ? undefined : Number(match[1]);
  }

  /** Waits for an answer or for the end of the connection. */
  async outcome(): Promise<number | 'closed'> {
    return await waitUntil<number | 'closed'>(() => this.status ?? (this.#closed ? 'closed' : undefined), {
      what: 'an answer or the end of the connection',
      seen: () => JSON.stringify(this.received.slice(0, 200)),
    });
  }

  /** Closes abruptly (RST): what is unread on either side is lost. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
