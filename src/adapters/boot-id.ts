import { readFileSync } from 'node:fs';

/** Identifies this boot of the operating system; empty where it tells none (then nothing is concluded from it). */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  } catch {
    return '';
  }
}
