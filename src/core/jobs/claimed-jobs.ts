import { assertNever } from '../assert.ts';
import { limits } from '../limits.ts';
import { type JobName, type WallMs, wallMs, wallMsOf } from '../units.ts';
import type { Command } from './commands.ts';

/** Jobs of which a launch was claimed ahead of its time, until that time. */
export class ClaimedJobs {
  /** In the order of their claims, and so nearly in that of their times. */
  readonly #untilMs = new Map<string, WallMs>();

  launched({ nowNs, items }: Extract<Command, { type: 'launch' }>): void {
    const nowMs = wallMsOf(nowNs);
    this.#forget(nowMs);
    for (const { name, scheduledAtMs } of items) {
      // One of another clock would be waited for who knows how long.
      if (scheduledAtMs <= nowMs || scheduledAtMs > nowMs + limits.claimAheadMs) continue;
      this.#untilMs.delete(name);
      this.#untilMs.set(name, scheduledAtMs);
    }
  }

  /** The latest of their times; null: none of them is claimed. */
  untilMs(names: readonly string[]): WallMs | null {
    let latest: WallMs | null = null;
    for (const name of names) {
      const untilMs = this.#untilMs.get(name);
      if (untilMs !== undefined) latest = wallMs(Math.max(latest ?? 0, untilMs));
    }
    return latest;
  }

  #forget(nowMs: WallMs): void {
    for (const [name, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) return;
      this.#untilMs.delete(name);
    }
  }
}

/** Jobs that a command of a client changes. */
export function jobsTouched(command: Command): readonly JobName[] {
  switch (command.type) {
    case 'setJob':
      return [command.job.name];
    case 'deleteJob':
    case 'setDisabled':
    case 'deleteExecutions':
      return [command.name];
    case 'import':
      return command.items.flatMap((item) => (item.type === 'job' ? [item.job.name] : []));
    case 'launch':
    case 'run':
    case 'missed':
    case 'assign':
    case 'reassign':
    case 'finish':
    case 'checkState':
    case 'prune':
    case 'stop':
      return [];
    default:
      return assertNever(command);
  }
}
