import type { MonoMs, WallMs, WallNs } from '../core/units.ts';

declare const messageType: unique symbol;
declare const replyType: unique symbol;

/**
 * Address of an actor; plain data, so it can travel inside messages. `node` is null for an actor of this node.
 * The type parameter is what it accepts; references are location-transparent (design section 3).
 */
export interface Ref<in Message> {
  readonly actor: string;
  readonly node: string | null;
  readonly [messageType]?: (message: Message) => void;
}

export const localRef = <Message>(actor: string): Ref<Message> => ({ actor, node: null });

/** Mixed into a message that is asked, not sent: names the type of its answer. Never present at run time. */
export interface Replies<Reply> {
  readonly [replyType]?: Reply;
}

/** Identifies the asker of one message. Plain data: it may be kept and answered in a later turn, once. */
export interface ReplyToken {
  readonly to: Ref<never>;
  readonly askId: number;
}

export type AskOutcome<Reply> =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly reason: 'timeout' | 'dead' | 'rejected' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

/** Seeded in simulation, operating system entropy in production. */
export interface Random {
  /** Uniform integer in [0, boundExclusive); the bound is a positive integer up to 2^32. */
  below(boundExclusive: number): number;
}

/** All that an actor sees of the world, besides its ports. */
export interface Context<in out Message> {
  readonly self: Ref<Message>;
  readonly random: Random;
  readonly log: Logger;
  wallNow(): WallMs;
  wallNowNs(): WallNs;
  monoNow(): MonoMs;
  /** Fire and forget. Order is kept per pair of actors; loss happens only with the death of either, or by policy. */
  send<To>(to: Ref<To>, message: To): void;
  /**
   * Sends and calls `done` exactly once, in a turn of this actor: with the answer, or with why there is none.
   * All outstanding asks fail with `dead` when the asked actor's thread dies.
   */
  ask<To, Reply>(
    to: Ref<To>,
    message: To & Replies<Reply>,
    timeoutMs: number,
    done: (outcome: AskOutcome<Reply>) => void,
  ): void;
  /** Answers an ask. Answering twice is an assertion failure of the host. */
  reply(token: ReplyToken, reply: unknown): void;
  /** Sets the timer `key` to fire once at `at` (replacing an earlier setting); `Actor.timer` is called with the key. */
  arm(key: string, at: MonoMs): void;
  disarm(key: string): void;
  /** Tells the supervisor that this actor serves; the next one in start order is started then. Once. */
  ready(): void;
  /** Adds to a named counter in shared memory (metrics). */
  count(name: string, by?: number): void;
  /** Sets a named gauge in shared memory. */
  gauge(name: string, value: number): void;
  /** Runs `turn` as a turn of this actor: the way back in for callbacks of ports. */
  enter(turn: () => void): void;
  /** Stops the whole node with an exit code and a message: for what a restart of one actor can't mend (design P6). */
  stopNode(exitCode: number, message: string): void;
}

/**
 * What the user lane of a mailbox does when it is full. The system lane (stop, failed asks, `enter`) and answers to
 * the actor's own asks are never refused. A refused or displaced message is a dead letter; an ask ends as `rejected`.
 */
export type Overflow<Message> =
  /** The new message is refused. */
  | { readonly policy: 'reject' }
  /** The new message takes the place of the oldest. */
  | { readonly policy: 'dropOldest' }
  /** At any time a message displaces a waiting one with the same key (null: none); a full mailbox rejects. */
  | { readonly policy: 'coalesce'; readonly keyOf: (message: Message) => string | null }
  /** Senders hold messages back in their outbox (limits.outboxMessages, then a dead letter) until there is room. */
  | { readonly policy: 'credit' };

export interface MailboxOptions<Message> {
  /** Most messages in the user lane. */
  readonly capacity: number;
  readonly overflow: Overflow<Message>;
}

/** The running behaviour of an actor. Every call is one turn; turns never overlap. A throw is a failure of the actor. */
export interface Actor<Message> {
  receive(message: Message, reply: ReplyToken | null): void;
  timer?(key: string): void;
  /**
   * Another actor of this node is ready: called for each one that is when this actor starts, and again for each that
   * gets ready later or after a restart. The place to subscribe, since a restarted actor has forgotten its subscribers.
   */
  peerStarted?(actor: string): void;
  /** Called after the last turn of a batch (messages, timers, `enter`): the place to flush what the batch gathered. */
  endOfBatch?(): void;
  /** Asked to stop: finish what must be finished, then call `done` once. Killed after the child's `shutdownMs`. */
  stop?(done: () => void): void;
  /** Asserts all invariants of the actor's state. */
  check?(): void;
}

/** An actor as it is written: `Config` and messages must survive a structured clone. `Ports` are the outside. */
export interface ActorDefinition<Message, Config, Ports> {
  readonly mailbox: MailboxOptions<Message>;
  start(context: Context<Message>, config: Config, ports: Ports): Actor<Message>;
}
