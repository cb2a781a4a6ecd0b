import type { Call } from '../call.ts';
import { readWish } from '../events/event-filter.ts';

/** GET /v1/events: a WebSocket on which everything is told that happens (docs/api/events.md). */
export function listenToEvents(call: Call): void {
  const wish = readWish(call.query);
  if (typeof wish === 'string') {
    call.refuse({ code: 'query_invalid', message: wish });
    return;
  }
  if (call.upgrade === null) {
    call.refuse({ code: 'upgrade_required', message: '' });
    return;
  }
  const listener = call.services.events.connect(wish.filter, wish.from);
  if (listener === null) call.refuse({ code: 'overloaded', message: 'Too many clients listen to events.' });
  else call.upgrade(listener);
}
