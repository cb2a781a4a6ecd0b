import { limits } from '../core/limits.ts';
import type { ActorHost } from './actor-host.ts';
import { hosted } from './definition.ts';
import { MAIN } from './placement.ts';
import type { ActorDefinition, AskOutcome, Context, Ref, Replies } from './types.ts';

/** How code that is no actor (signal handlers, tests) speaks to the actors of a node. */
export class Outside {
  readonly #host: ActorHost;
  readonly #unanswered = new Set<() => void>();
  #context: Context<never> | null = null;

  /** Starts the actor `main` on the host of the main thread; it accepts nothing but answers. */
  constructor(host: ActorHost) {
    this.#host = host;
    const definition: ActorDefinition<never, unknown, unknown> = {
      mailbox: { capacity: limits.messagesPerBatch, overflow: { policy: 'dropOldest' } },
      start: (context) => {
        this.#context = context;
        return { receive: () => {} };
      },
    };
    host.start({ id: MAIN, life: 1, definition: hosted(definition), config: null, ports: null });
  }

  send<To>(to: Ref<To>, message: To): void {
    const context = this.#context;
    context?.enter(() => context.send(to, message));
  }

  ask<To, Reply>(
    to: Ref<To>,
    message: To & Replies<Reply>,
    timeoutMs: number,
    done: (outcome: AskOutcome<Reply>) => void,
  ): void {
    const context = this.#context;
    const unanswered = () => done({ ok: false, reason: 'dead' });
    if (context === null) {
      unanswered();
      return;
    }
    this.#unanswered.add(unanswered);
    context.enter(() =>
      context.ask(to, message, timeoutMs, (outcome) => {
        this.#unanswered.delete(unanswered);
        done(outcome);
      }),
    );
  }

  /** The node has ended: open asks end as `dead`, and so does every later one. */
  close(): void {
    this.#context = null;
    this.#host.kill(MAIN);
    for (const unanswered of [...this.#unanswered]) unanswered();
    this.#unanswered.clear();
  }
}
