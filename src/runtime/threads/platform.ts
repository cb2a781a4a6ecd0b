import { Clock } from '../../adapters/clock.ts';
import { systemRandom } from '../../adapters/random.ts';
import type { MonoMs } from '../../core/units.ts';
import type { LogLine } from '../log.ts';
import type { HostEvent, Metrics, Platform } from '../platform.ts';
import type { LogLevel } from '../types.ts';

/** setTimeout takes no more than 2^31 - 1 milliseconds (24.8 days); the pump arms the rest. */
const LONGEST_TIMEOUT_MS = 0x7fffffff;

export interface ThreadPlatformOptions {
  readonly metrics: Metrics;
  readonly logLevel: LogLevel;
  readonly checkAlways: boolean;
  /** One round of the actor host, and of what goes out beside it. */
  pump(): void;
  log(line: LogLine): void;
  report(event: HostEvent): void;
}

export interface ClosablePlatform extends Platform {
  /** No pump comes after this. */
  close(): void;
}

/**
 * The real world of one thread. Pumps run as `setImmediate`: after the event loop has handed over all messages that
 * wait, so that a timer that expired acts after them, and one flush serves them all.
 */
export function makeThreadPlatform(options: ThreadPlatformOptions): ClosablePlatform {
  const { metrics, logLevel, checkAlways, log, report } = options;
  const clock = new Clock();
  let immediate: NodeJS.Immediate | null = null;
  let timeout: NodeJS.Timeout | null = null;
  let armedFor: MonoMs | null = null;
  let closed = false;

  const requestPump = () => {
    if (immediate !== null || closed) return;
    immediate = setImmediate(() => {
      immediate = null;
      options.pump();
    });
  };
  const disarm = () => {
    if (timeout !== null) clearTimeout(timeout);
    timeout = null;
    armedFor = null;
  };
  const wakeAt = (at: MonoMs | null) => {
    if (at === armedFor) return;
    disarm();
    if (at === null || closed) return;
    armedFor = at;
    const delayMs = Math.min(LONGEST_TIMEOUT_MS, Math.max(0, Math.ceil(at - clock.monoNow())));
    timeout = setTimeout(() => {
      timeout = null;
      armedFor = null;
      requestPump();
    }, delayMs);
  };
  return {
    metrics,
    logLevel,
    checkAlways,
    log,
    report,
    requestPump,
    wakeAt,
    monoNow: () => clock.monoNow(),
    wallNow: () => clock.wallNow(),
    wallNowNs: () => clock.wallNowNs(),
    randomFor: () => systemRandom,
    copy: structuredClone,
    // Nodes are reached through the transport actor, by messages to it.
    sendToNode: () => false,
    close: () => {
      closed = true;
      disarm();
      if (immediate !== null) clearImmediate(immediate);
    },
  };
}
