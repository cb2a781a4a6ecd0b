import { setTimeout as pause } from 'node:timers/promises';
import type { ShellSlots } from './shell-slots.ts';

export interface TimedCommand {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly command: string;
}

/** A timer and pre-forked shells: the least that starts commands on time. Resolves when all have ended. */
export async function runTimed(slots: ShellSlots, commands: readonly TimedCommand[]): Promise<void> {
  const inOrder = [...commands].sort((a, b) => a.atMs - b.atMs);
  const running: Promise<void>[] = [];
  for (const { atMs, command } of inOrder) {
    for (let nowMs = Date.now(); nowMs < atMs; nowMs = Date.now()) await pause(atMs - nowMs);
    running.push(runOne(slots, command));
  }
  await Promise.all(running);
}

async function runOne(slots: ShellSlots, command: string): Promise<void> {
  const { exitCode, stderr } = await slots.run(command);
  if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${stderr}`);
}
