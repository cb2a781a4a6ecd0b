import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Texts that came whole, out of a stream of frames. */
class Frames {
  readonly texts: string[] = [];
  closeStatus: number | null = null;
  #rest = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let frame = this.#take(); frame !== null; frame = this.#take()) {
      if (frame.opcode === 1) this.texts.push(frame.payload.toString());
      if (frame.opcode === 8) this.closeStatus = frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0);
    }
  }

  /** A server masks nothing and, here, never sends fragments. */
  #take(): { readonly opcode: number; readonly payload: Buffer } | null {
    const rest = this.#rest;
    if (rest.length < 2) return null;
    const short = rest.readUInt8(1);
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < headBytes) return null;
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < headBytes + length) return null;
    this.#rest = rest.subarray(headBytes + length);
    return { opcode: rest.readUInt8(0) & 0xf, payload: rest.subarray(headBytes, headBytes + length) };
  }
}

/** A WebSocket client of our own, because one of a library always reads: this one can stop. */
export class WebSocketClient {
  readonly #socket: Socket;
  readonly #frames = new Frames();
  /** Status line and header lines of the answer. */
  head = '';
  isClosed = false;
  #early = Buffer.alloc(0);

  constructor(port: number, target: string, headers: Readonly<Record<string, string>> = {}) {
    this.#socket = connect(port, '127.0.0.1');
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
    this.#socket.on('data', (chunk) => this.#received(chunk));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.isClosed = true;
    });
  }

  get isOpen(): boolean {
    return this.head.startsWith('HTTP/1.1 101') && !this.isClosed;
  }

  get texts(): readonly string[] {
    return this.#frames.texts;
  }

  get closeStatus(): number | null {
    return this.#frames.closeStatus;
  }

  /** Reads nothing any more: what the server sends piles up in the system's buffers, then with the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** One masked text frame. */
  send(text: string): void {
    const payload = Buffer.from(text);
    const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, 0, 0]);
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([head, Buffer.alloc(4), payload]));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    if (this.head !== '') {
      this.#frames.add(chunk);
      return;
    }
    this.#early = Buffer.concat([this.#early, chunk]);
    const end = this.#early.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.head = this.#early.subarray(0, end).toString('latin1');
    this.#frames.add(this.#early.subarray(end + 4));
  }
}
