import { assert } from '../core/assert.ts';
import type { ActorHost } from './actor-host.ts';
import type { Cell } from './cell.ts';
import { makeLogger } from './log.ts';
import type { AskOutcome, Context, Ref, Replies } from './types.ts';

/** Tokens that were answered: a second answer with the same token is a mistake in the actor. */
const answered = new WeakSet<object>();

/** What one life of one actor sees of the world. Sending and arming belong into turns: they are asserted to be in one. */
export function makeContext(host: ActorHost, cell: Cell): Context<unknown> {
  const { platform } = host;
  const { id } = cell;
  const inTurn = (what: string) =>
    assert(host.turns.inTurn, `${id} may ${what} in a turn only: callbacks come in by enter()`);
  return {
    self: { actor: id, node: host.node },
    random: platform.randomFor(id),
    log: makeLogger({ actor: id, level: platform.logLevel, now: platform.wallNow, emit: platform.log }),
    wallNow: platform.wallNow,
    wallNowNs: platform.wallNowNs,
    monoNow: platform.monoNow,
    send(to, message) {
      inTurn('send');
      host.router.route(to.node, { to: to.actor, from: id, fromNode: null, body: message });
    },
    ask<To, Reply>(to: Ref<To>, body: To & Replies<Reply>, timeoutMs: number, done: (o: AskOutcome<Reply>) => void) {
      inTurn('ask');
      ask(host, cell, to, body, timeoutMs, done as (outcome: AskOutcome<unknown>) => void);
    },
    reply(token, reply) {
      inTurn('reply');
      assert(!answered.has(token), `${id} answers an ask once`);
      answered.add(token);
      host.router.route(token.to.node, {
        to: token.to.actor,
        from: id,
        fromNode: null,
        replyTo: token.askId,
        body: reply,
      });
    },
    arm(key, at) {
      inTurn('arm');
      assert(Number.isFinite(at), `the timer ${key} of ${id} is set to a time, not ${at}`);
      this.disarm(key);
      cell.timers.set(key, host.timers.add(at, { type: 'timer', cell, key }));
    },
    disarm(key) {
      const handle = cell.timers.get(key);
      if (handle === undefined) return;
      host.timers.cancel(handle);
      cell.timers.delete(key);
    },
    ready: () => host.becomeReady(cell),
    count: (name, by = 1) => platform.metrics.count(name, by),
    gauge: (name, value) => platform.metrics.gauge(name, value),
    enter: (turn) => host.enter(cell, turn),
    stopNode: (exitCode, message) => platform.report({ type: 'stopNode', actor: id, exitCode, message }),
  };
}

function ask(
  host: ActorHost,
  cell: Cell,
  to: Ref<never>,
  body: unknown,
  timeoutMs: number,
  done: (outcome: AskOutcome<unknown>) => void,
): void {
  assert(timeoutMs >= 0 && Number.isFinite(timeoutMs), `an ask has a deadline, not ${timeoutMs}`);
  const askId = cell.asks.nextId();
  const refused = cell.asks.full;
  const at = host.platform.monoNow() + timeoutMs;
  const deadline = host.timers.add(at, { type: 'askDeadline', cell, askId });
  const node = to.node === host.node ? null : to.node;
  cell.asks.open(askId, { to: to.actor, node, done, deadline });
  const envelope = { to: to.actor, from: cell.id, fromNode: null, askId, body };
  if (refused || !host.router.route(to.node, envelope)) {
    cell.mailbox.putSystem({ type: 'askFailed', askId, reason: 'rejected' });
  }
}
