import type { WebSocketListener, WebSocketPort } from '../../src/api/http.ts';

export interface Message {
  readonly id?: string;
  readonly topic?: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A client of a WebSocket in memory. While it is paused it takes so many messages more, then the sender is told to wait. */
export class FakeSocket implements WebSocketPort {
  readonly messages: Message[] = [];
  closedWith: number | null = null;
  /** Null: it reads. */
  #room: number | null = null;
  readonly #listener: WebSocketListener;

  constructor(listener: WebSocketListener) {
    this.#listener = listener;
    listener.opened(this);
  }

  send(message: Uint8Array): void {
    this.messages.push(JSON.parse(new TextDecoder().decode(message)));
    if (this.#room !== null) this.#room -= 1;
  }

  gather(send: () => void): void {
    send();
  }

  get bufferedBytes(): number {
    return this.#room === null ? 0 : this.messages.length;
  }

  get isBehind(): boolean {
    return this.#room !== null && this.#room <= 0;
  }

  close(status: number): void {
    this.closedWith = status;
    this.#listener.closed();
  }

  pause(room = 0): void {
    this.#room = room;
  }

  read(): void {
    this.#room = null;
    this.#listener.drained();
  }

  leave(): void {
    this.#listener.closed();
  }

  /** What came since the last call. */
  take(): Message[] {
    return this.messages.splice(0);
  }

  /** `topic type` of what came since the last call. */
  kinds(): string[] {
    return this.take().map(({ topic, type }) => (topic === undefined ? type : `${topic} ${type}`));
  }
}
