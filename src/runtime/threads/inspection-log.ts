import { assertNever } from '../../core/assert.ts';
import type { InspectionEvent } from '../inspection.ts';
import type { Metrics } from '../platform.ts';
import type { Logger } from '../types.ts';

/** Says on the log what the inspection stream says, and counts what a metrics page shows. */
export function logInspection(event: InspectionEvent, log: Logger, metrics: Metrics): void {
  const { type, ...fields } = event;
  switch (event.type) {
    case 'actorStarting':
    case 'actorReady':
    case 'actorStopping':
    case 'actorStopped':
      log.debug(type, fields);
      break;
    case 'nodeStarted':
    case 'nodeStopping':
    case 'nodeStopped':
      log.info(type, fields);
      break;
    case 'actorFailed':
      metrics.count('runtime_actor_failures_total', 1);
      log.error(type, fields);
      break;
    case 'actorKilled':
    case 'restartPlanned':
      log.warn(type, fields);
      break;
    case 'deadLetter':
      metrics.count('runtime_dead_letters_total', event.count);
      log.warn(type, fields);
      break;
    default:
      assertNever(event);
  }
}
