import type { ActorDefinition, Context, Ref, ReplyToken } from '../types.ts';
import { localRef } from '../types.ts';
import { type SimulationRow, simulationRow } from './table.ts';

/** An actor that stands for the neighbours of the tested one: keeps what it receives, and sends what it is told to. */
export interface Probe<Received> {
  readonly ref: Ref<Received>;
  /** For the table of the node; its group is up to the test. */
  readonly row: SimulationRow;
  /** Oldest first, over all of its lives. */
  readonly received: { readonly message: Received; readonly reply: ReplyToken | null }[];
  /** Runs `turn` as a turn of the probe, with its context. The probe must have started. */
  act(turn: (context: Context<Received>) => void): void;
}

/** Makes a probe with the address `id`. */
export function makeProbe<Received>(id: string, group: string): Probe<Received> {
  const received: { message: Received; reply: ReplyToken | null }[] = [];
  let current: Context<Received> | null = null;
  const definition: ActorDefinition<Received, null, unknown> = {
    mailbox: { capacity: 4096, overflow: { policy: 'credit' } },
    start: (context) => {
      current = context;
      context.ready();
      return {
        receive: (message, reply) => {
          received.push({ message, reply });
        },
      };
    },
  };
  return {
    ref: localRef(id),
    row: simulationRow({ id, group, shutdownMs: 1_000, definition, config: null }),
    received,
    act: (turn) => {
      if (current === null) throw new Error(`the probe ${id} has not started`);
      const context = current;
      context.enter(() => turn(context));
    },
  };
}
