import { assert } from '../../src/core/assert.ts';
import { type MonoMs, monoMs, type WallMs, wallMs, wallNsOf } from '../../src/core/units.ts';
import type {
  Actor,
  ActorDefinition,
  AskOutcome,
  Context,
  Logger,
  LogLevel,
  Ref,
  ReplyToken,
} from '../../src/runtime/types.ts';

export interface SentMessage {
  readonly to: Ref<never>;
  readonly message: unknown;
}

/** An ask that the actor made; `answer` ends it in a turn of the actor. */
export interface MadeAsk {
  readonly to: Ref<never>;
  readonly message: unknown;
  readonly timeoutMs: number;
  answer(outcome: AskOutcome<unknown>): void;
}

export interface LoggedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where the virtual clocks begin: 2024-01-15T10:20:30Z, and a monotonic clock that is not zero by chance. */
export const startWallMs = 1_705_314_030_000;
const startMonoMs = 1_000;

/**
 * One actor under test, driven by hand: virtual time, every effect recorded, no other actor behind it. Each turn ends
 * with `endOfBatch` and `check`, as if it were a batch of its own.
 */
export class ActorHarness<Message> {
  readonly sent: SentMessage[] = [];
  readonly asks: MadeAsk[] = [];
  readonly replies: { readonly token: ReplyToken; readonly reply: unknown }[] = [];
  readonly lines: LoggedLine[] = [];
  readonly counters = new Map<string, number>();
  readonly gauges = new Map<string, number>();
  readonly context: Context<Message>;
  isReady = false;
  stoppedNode: { readonly exitCode: number; readonly message: string } | null = null;

  #wallStartMs: number;
  #elapsedMs = 0;
  #inTurn = false;
  #nextAskId = 1;
  #actor: Actor<Message> | null = null;
  readonly #timers = new Map<string, number>();
  readonly #alarms = new Set<{ readonly at: number; readonly fire: () => void }>();
  readonly #turns: (() => void)[] = [];
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(name = 'under-test', wallStartMs: number = startWallMs) {
    this.#wallStartMs = wallStartMs;
    this.context = this.#createContext({ actor: name, node: null });
  }

  start<Config, Ports>(definition: ActorDefinition<Message, Config, Ports>, config: Config, ports: Ports): void {
    assert(this.#actor === null, 'a harness hosts one actor');
    this.#turn(() => {
      this.#actor = definition.start(this.context, config, ports);
    });
  }

  /** Delivers one message as one turn. */
  deliver(message: Message): void {
    this.#turn(() => this.#running().receive(message, null));
  }

  /** Delivers an ask; its answer appears in `replies` under the returned token. */
  deliverAsk(message: Message): ReplyToken {
    const token: ReplyToken = { to: { actor: 'asker', node: null }, askId: this.#nextAskId++ };
    this.#turn(() => this.#running().receive(message, token));
    return token;
  }

  peerStarted(actor: string): void {
    this.#turn(() => this.#running().peerStarted?.(actor));
  }

  /** Calls `stop`; resolves when the actor is done. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.#turn(() => this.#running().stop?.(resolve)));
  }

  /** A timer of the outside, for simulated ports: fires in virtual time, in no turn of the actor. */
  after(delayMs: number, fire: () => void): { cancel(): void } {
    const alarm = { at: startMonoMs + this.#elapsedMs + delayMs, fire };
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }

  /** Moves both clocks, firing on the way the timers that come due, each at its own instant. */
  advance(durationMs: number): void {
    const endAt = startMonoMs + this.#elapsedMs + durationMs;
    for (let due = this.#nextDue(endAt); due !== undefined; due = this.#nextDue(endAt)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, due.at - startMonoMs);
      due.fire();
    }
    this.#elapsedMs = endAt - startMonoMs;
  }

  /** Somebody sets the wall clock; the monotonic one goes on, and no timer tells. */
  setWallClock(nowMs: number): void {
    this.#wallStartMs = nowMs - this.#elapsedMs;
  }

  /** Messages sent so far to the actor of this name, or to all. */
  messages<Type = unknown>(actor?: string): Type[] {
    return this.sent
      .filter(({ to }) => actor === undefined || to.actor === actor)
      .map(({ message }) => message as Type);
  }

  /** Messages sent so far, forgotten by this call: for step by step assertions. */
  takeMessages<Type = unknown>(): Type[] {
    return this.sent.splice(0).map(({ message }) => message as Type);
  }

  /** Resolves after the turn in which `holds` becomes true: for actors with real ports, whose callbacks come by themselves. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  /** The first timer or alarm that is due by `endAt`, taken out. */
  #nextDue(endAt: number): { readonly at: number; readonly fire: () => void } | undefined {
    const timers = [...this.#timers].map(([key, at]) => ({ at, fire: () => this.#fireTimer(key) }));
    const [due] = [...timers, ...this.#alarms].filter(({ at }) => at <= endAt).sort((a, b) => a.at - b.at);
    if (due !== undefined) this.#alarms.delete(due);
    return due;
  }

  #fireTimer(key: string): void {
    this.#timers.delete(key);
    this.#turn(() => this.#running().timer?.(key));
  }

  #running(): Actor<Message> {
    assert(this.#actor !== null, 'the actor is not started');
    return this.#actor;
  }

  /** A turn entered from within a turn waits for its end: turns never overlap. */
  #turn(turn: () => void): void {
    this.#turns.push(turn);
    if (this.#inTurn) return;
    this.#inTurn = true;
    try {
      for (let next = this.#turns.shift(); next !== undefined; next = this.#turns.shift()) {
        next();
        this.#actor?.endOfBatch?.();
        this.#actor?.check?.();
      }
    } finally {
      this.#inTurn = false;
    }
    for (const waiter of this.#waiting.filter(({ holds }) => holds())) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
  }

  #createContext(self: Ref<Message>): Context<Message> {
    const monoNow = (): MonoMs => monoMs(startMonoMs + this.#elapsedMs);
    const wallNow = (): WallMs => wallMs(this.#wallStartMs + this.#elapsedMs);
    return {
      self,
      // A fixed choice: tests that need chances give their own seed to the core.
      random: { below: () => 0 },
      log: this.#createLogger(),
      wallNow,
      wallNowNs: () => wallNsOf(wallNow()),
      monoNow,
      send: (to, message) => {
        this.sent.push({ to, message: structuredClone(message) });
      },
      ask: (to, message, timeoutMs, done) => {
        const answer = (outcome: AskOutcome<unknown>): void => this.#turn(() => done(outcome as never));
        this.asks.push({ to, message: structuredClone(message), timeoutMs, answer });
      },
      reply: (token, reply) => {
        assert(!this.replies.some((given) => given.token.askId === token.askId), 'an ask is answered once');
        this.replies.push({ token, reply: structuredClone(reply) });
      },
      arm: (key, at) => {
        this.#timers.set(key, at);
      },
      disarm: (key) => {
        this.#timers.delete(key);
      },
      ready: () => {
        assert(!this.isReady, 'ready is said once');
        this.isReady = true;
      },
      count: (name, by = 1) => {
        this.counters.set(name, (this.counters.get(name) ?? 0) + by);
      },
      gauge: (name, value) => {
        this.gauges.set(name, value);
      },
      enter: (turn) => this.#turn(turn),
      stopNode: (exitCode, message) => {
        this.stoppedNode = { exitCode, message };
      },
    };
  }

  #createLogger(): Logger {
    const at =
      (level: LogLevel) =>
      (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
        this.lines.push({ level, message, fields });
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
  }
}
