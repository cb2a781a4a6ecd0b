import type { WebSocketListener, WebSocketPort } from '../../../src/api/http.ts';

/** Less than a real socket lets wait, so that slow readers are behind within a second. */
const backlogBytes = 2_048;

/** What the client of a WebSocket sees. */
export interface SocketClient {
  message(text: string): void;
  /** Once: it has closed, or never opened. */
  closed(): void;
}

type Travel = (action: () => void) => void;

/** Messages take time to travel and stay in order; a client that does not read keeps them waiting at the server. */
export class SimulatedSocket implements WebSocketPort {
  readonly #travel: Travel;
  readonly #client: SocketClient;
  readonly #listener: WebSocketListener;
  #waiting: Uint8Array[] = [];
  #isPaused = false;
  #isUnderWay = false;
  #isOpen = true;

  constructor(travel: Travel, client: SocketClient, listener: WebSocketListener) {
    this.#travel = travel;
    this.#client = client;
    this.#listener = listener;
  }

  send(message: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#waiting.push(message);
    this.#deliver();
  }

  gather(send: () => void): void {
    send();
  }

  get bufferedBytes(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  get isBehind(): boolean {
    return this.bufferedBytes > backlogBytes;
  }

  close(): void {
    this.end();
  }

  /** The client reads, or reads no more. */
  reads(isReading: boolean): void {
    this.#isPaused = !isReading;
    this.#deliver();
  }

  /** Either side goes away; what is on its way is lost. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#client.closed();
    this.#listener.closed();
  }

  #deliver(): void {
    if (this.#isUnderWay || this.#isPaused || this.#waiting.length === 0) return;
    this.#isUnderWay = true;
    this.#travel(() => {
      this.#isUnderWay = false;
      if (!this.#isOpen || this.#isPaused) return;
      const wasBehind = this.isBehind;
      for (const message of this.#waiting.splice(0)) this.#client.message(new TextDecoder().decode(message));
      if (wasBehind) this.#listener.drained();
    });
  }
}
