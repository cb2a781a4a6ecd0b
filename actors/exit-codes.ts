import { exitCodes as runtimeExitCodes } from '../src/runtime/supervision.ts';

/**
 * Why a node ended, for what watches its process; docs/operations.md says what to do. 0: it was asked to. 1: the
 * command line, the configuration or the data directory was refused, and nothing was started.
 */
export const exitCodes = {
  ...runtimeExitCodes,
  /** The journal of this node's executions can't be read or written (P6). */
  journalBroken: 74,
  /** An entry of the log can't be decoded, or the state store failed (P6). */
  stateBroken: 75,
  /** The log is damaged elsewhere than at its torn end (P6). */
  logDamaged: 76,
  /** A flush of the log failed although there is space (P6). */
  logNotFlushed: 77,
  /** The HTTP address can't be listened on. */
  httpAddress: 78,
  /** The state is not what the log made of it, here or on the other servers (P6). */
  stateDiffers: 79,
} as const;
