import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InspectionEvent } from '../../src/runtime/inspection.ts';
import type { PlacementKind } from '../../src/runtime/placement.ts';
import type { Strategy } from '../../src/runtime/supervision.ts';
import type { ThreadRow } from '../../src/runtime/threads/launcher.ts';
import type { RunningNode } from '../../src/runtime/threads/node.ts';
import type { AskOutcome, Ref } from '../../src/runtime/types.ts';

const compiled = new URL('../../dist/src/runtime/threads/node.js', import.meta.url).href;
const faultyActor = new URL('../fixtures/runtime/faulty-actor.mjs', import.meta.url);

export type Fault = 'throw' | 'throwOutside' | 'rejectPromise' | 'exit' | 'exhaustMemory' | 'loop';

/** What the fixture actor accepts. */
export type FixtureMessage =
  | { readonly type: 'add'; readonly bytes: Uint8Array }
  | { readonly type: 'read' | 'hold' | 'fatal' }
  | { readonly type: 'awaitPeer'; readonly peer: string }
  | { readonly type: 'relay'; readonly to: string; readonly timeoutMs: number }
  | { readonly type: 'flood'; readonly to: string; readonly count: number }
  | { readonly type: 'fault'; readonly fault: Fault }
  | { readonly type: 'stopNode'; readonly exitCode: number }
  | { readonly type: 'write'; readonly value: number };

export interface FixtureState {
  readonly sum: number;
}

export interface ThreadNodeOptions {
  readonly actors: readonly (Partial<ThreadRow> & { readonly id: string })[];
  readonly strategy?: Strategy;
  readonly placement?: PlacementKind;
  readonly restarts?: number;
}

/** A node of fixture actors on real threads, whose inspection stream can be awaited. */
export class ThreadNode {
  readonly node: RunningNode;
  readonly events: InspectionEvent[];
  readonly #logFile: string;
  readonly #waiting: Set<() => void>;

  private constructor(node: RunningNode, events: InspectionEvent[], logFile: string, waiting: Set<() => void>) {
    this.node = node;
    this.events = events;
    this.#logFile = logFile;
    this.#waiting = waiting;
  }

  /** Threads load compiled JavaScript only: the build must be up to date (bin/ensure.mjs). */
  static async start(options: ThreadNodeOptions): Promise<ThreadNode> {
    const { startNode }: typeof import('../../src/runtime/threads/node.ts') = await import(compiled);
    const { actors, strategy = 'one_for_one', placement = 'threads', restarts = 5 } = options;
    const events: InspectionEvent[] = [];
    const waiting = new Set<() => void>();
    const logFile = join(mkdtempSync(join(tmpdir(), 'carillon-runtime-')), 'log');
    const group = {
      id: 'work',
      strategy,
      intensity: { restarts, withinMs: 60_000 },
      backoff: { firstMs: 1, maxMs: 4 },
    };
    const row = { group: 'work', module: faultyActor, config: {}, shutdownMs: 10_000 };
    const node = startNode({
      name: 'n0',
      placement,
      log: { level: 'debug', destination: logFile },
      checkAlways: true,
      table: { groups: [group], children: actors.map((actor) => ({ ...row, ...actor })) },
      inspect: (event) => {
        events.push(event);
        for (const look of [...waiting]) look();
      },
    });
    return new ThreadNode(node, events, logFile, waiting);
  }

  ref(actor: string): Ref<FixtureMessage> {
    return { actor, node: null };
  }

  ask(actor: string, message: FixtureMessage, timeoutMs = 20_000): Promise<AskOutcome<unknown>> {
    return this.node.ask(this.ref(actor), message, timeoutMs);
  }

  send(actor: string, message: FixtureMessage): void {
    this.node.send(this.ref(actor), message);
  }

  /** Resolves when an event like this has been seen, now or before. */
  seen(wanted: Partial<InspectionEvent>): Promise<InspectionEvent> {
    const matches = (event: InspectionEvent) =>
      Object.entries(wanted).every(([key, value]) => Object.entries(event).some(([k, v]) => k === key && v === value));
    return new Promise((resolve) => {
      const look = () => {
        const found = this.events.find(matches);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Actors in the order in which events of this kind were seen. */
  actorsOf(type: InspectionEvent['type']): string[] {
    return this.events.flatMap((event) => (event.type === type && 'actor' in event ? [event.actor] : []));
  }

  async stop(): Promise<number> {
    this.node.stop();
    return (await this.node.ended).exitCode;
  }

  logLines(): Record<string, unknown>[] {
    const lines = readFileSync(this.#logFile, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }
}
