import { randomInt } from 'node:crypto';
import type { Random } from '../runtime/types.ts';

/** The operating system's entropy. */
export const systemRandom: Random = { below: (boundExclusive) => randomInt(boundExclusive) };
