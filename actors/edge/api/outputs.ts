import type { EventHub } from '../../../src/api/events/event-hub.ts';
import { storedOutput } from '../../../src/api/handlers/executions.ts';
import { OutputFollows } from '../../../src/api/output/follows.ts';
import type { StateReads } from '../../../src/core/jobs/reads.ts';
import { limits } from '../../../src/core/limits.ts';
import { type Context, localRef } from '../../../src/runtime/types.ts';
import type { DispatcherCommand, OutputEvent } from '../../scheduling/dispatcher/protocol.ts';
import type { ApiCommand } from './protocol.ts';

/** What executions write while they run, as the dispatcher tells it: to who follows one, and to who listens to events. */
export class ActorOutputs {
  readonly follows: OutputFollows;
  readonly #context: Context<ApiCommand>;
  #allWanted = false;

  constructor(context: Context<ApiCommand>, state: StateReads) {
    this.#context = context;
    this.follows = new OutputFollows(
      (id, isWanted) => this.#send({ type: isWanted ? 'followOutput' : 'unfollowOutput', id, watcher: context.self }),
      (job, id) => storedOutput(state, job, id),
    );
  }

  /** The output of all is wanted, or not any more. */
  allWanted(isWanted: boolean): void {
    this.#allWanted = isWanted;
    this.#send({ type: 'followAllOutput', isWanted, watcher: this.#context.self });
  }

  dispatcherStarted(events: EventHub): void {
    if (this.#allWanted) this.allWanted(true);
    events.outputInterrupted();
    this.follows.wishAgain();
  }

  arrived(event: OutputEvent, events: EventHub): void {
    this.follows.arrived(event.id, event);
    if (event.part === 'soFar' || event.chunk.length === 0) return;
    // The last part has all that is left.
    const cutBytes = Math.max(0, event.chunk.length - limits.liveOutputBytes);
    events.output({ ...event, offset: event.offset + cutBytes, chunk: event.chunk.subarray(cutBytes) });
  }

  #send(message: DispatcherCommand): void {
    this.#context.send(localRef<DispatcherCommand>('dispatcher'), message);
  }
}
