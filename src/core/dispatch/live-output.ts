import { joinTail } from '../join-tail.ts';
import { limits } from '../limits.ts';
import { type ExecutionId, type MonoMs, monoMs } from '../units.ts';

/**
 * A piece of what an execution wrote, for whoever watches. `offset`: bytes that it wrote before. `live`: what came since
 * the last one, or the latest part of that; `soFar`: all that is still known, for who began to watch; `last`: nothing
 * comes any more, and `closing` is what its record says beside.
 */
export interface OutputPart {
  readonly type: 'outputChunk';
  readonly id: ExecutionId;
  readonly part: 'live' | 'soFar' | 'last';
  readonly offset: number;
  readonly chunk: Uint8Array;
  readonly closing: Uint8Array;
}

/** What an execution has written: the last bytes, and how many came before them. */
export interface Written {
  readonly output: Uint8Array;
  readonly droppedBytes: number;
}

interface Flow {
  /** What was not shown yet. */
  pieces: Uint8Array[];
  pieceBytes: number;
  writtenBytes: number;
  /** Everything before was shown, or passed over. */
  shownBytes: number;
  isWatched: boolean;
}

type Send = (part: OutputPart) => void;

const NOTHING = new Uint8Array(0);

/**
 * What running executions wrote since it was last shown, bounded per execution (limits.liveOutputBytes) and in rate
 * (limits.liveOutputMs): a job that floods its output costs its watchers no more than one that whispers.
 */
export class LiveOutput {
  readonly #flows = new Map<ExecutionId, Flow>();
  /** Those with something to show, and when; all wait equally long: the first is the first due. */
  readonly #due = new Map<ExecutionId, MonoMs>();
  #allWatched = false;

  /** False for `isShown`: nobody is there to be shown it. */
  add(id: ExecutionId, chunk: Uint8Array, nowMs: MonoMs, isShown: boolean): void {
    if (chunk.length === 0) return;
    const flow = this.#flow(id);
    flow.writtenBytes += chunk.length;
    if (!isShown) return;
    if (!this.#due.has(id)) this.#due.set(id, monoMs(nowMs + limits.liveOutputMs));
    // A copy of the bounded part: the chunk may be a view of a large buffer that its owner uses again.
    const piece = chunk.slice(Math.max(0, chunk.length - limits.liveOutputBytes));
    flow.pieces.push(piece);
    flow.pieceBytes += piece.length;
    while (flow.pieceBytes - (flow.pieces[0]?.length ?? 0) >= limits.liveOutputBytes) {
      flow.pieceBytes -= flow.pieces.shift()?.length ?? 0;
    }
  }

  /** Somebody watches this execution from its beginning or from now: what is known of it is sent, and later its end. */
  watch(id: ExecutionId, written: Written | null, send: Send): void {
    this.#flow(id).isWatched = true;
    send({
      type: 'outputChunk',
      id,
      part: 'soFar',
      offset: written?.droppedBytes ?? 0,
      chunk: written?.output ?? NOTHING,
      closing: NOTHING,
    });
  }

  /** Somebody watches, or nobody does any more, whatever is written. */
  watchAll(isWanted: boolean): void {
    this.#allWatched = isWanted;
  }

  /** It has ended; what of its output was not shown is sent to who watches. `ended` has nothing but what it wrote. */
  last(id: ExecutionId, ended: Written, closing: Uint8Array, send: Send): void {
    const flow = this.#flow(id);
    if (!flow.isWatched && !this.#allWatched) return;
    const offset = Math.max(flow.shownBytes, ended.droppedBytes);
    send({
      type: 'outputChunk',
      id,
      part: 'last',
      offset,
      chunk: ended.output.subarray(offset - ended.droppedBytes),
      closing,
    });
  }

  drop(id: ExecutionId): void {
    this.#flows.delete(id);
    this.#due.delete(id);
  }

  /** Whoever watched is not there any more. */
  unwatch(): void {
    this.#allWatched = false;
    this.#due.clear();
    for (const flow of this.#flows.values()) {
      flow.isWatched = false;
      shown(flow);
    }
  }

  /** Hands over, and forgets, what is due. */
  takeDue(nowMs: MonoMs, send: Send): void {
    for (const [id, dueMs] of this.#due) {
      if (dueMs > nowMs) return;
      this.#due.delete(id);
      const flow = this.#flow(id);
      const chunk = joinTail(flow.pieces, limits.liveOutputBytes);
      shown(flow);
      send({
        type: 'outputChunk',
        id,
        part: 'live',
        offset: flow.writtenBytes - chunk.length,
        chunk,
        closing: NOTHING,
      });
    }
  }

  nextDeadline(): MonoMs | null {
    for (const dueMs of this.#due.values()) return dueMs;
    return null;
  }

  #flow(id: ExecutionId): Flow {
    let flow = this.#flows.get(id);
    if (flow === undefined) {
      flow = { pieces: [], pieceBytes: 0, writtenBytes: 0, shownBytes: 0, isWatched: false };
      this.#flows.set(id, flow);
    }
    return flow;
  }
}

function shown(flow: Flow): void {
  flow.pieces = [];
  flow.pieceBytes = 0;
  flow.shownBytes = flow.writtenBytes;
}
