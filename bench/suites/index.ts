import type { Suite } from '../frame/suite.ts';
import { apiSuite } from './api.ts';
import { latenessSuite } from './lateness.ts';
import { launchesSuite } from './launches.ts';
import { listsSuite } from './lists.ts';
import { logSuite } from './log.ts';
import { mailboxSuite } from './mailbox.ts';
import { memorySuite } from './memory.ts';
import { nextSuite } from './next.ts';
import { restartSuite } from './restart.ts';
import { wheelSuite } from './wheel.ts';

/** In the order in which they run: from the smallest part to the whole. */
export const suites: readonly Suite[] = [
  mailboxSuite,
  wheelSuite,
  nextSuite,
  logSuite,
  apiSuite,
  listsSuite,
  launchesSuite,
  latenessSuite,
  restartSuite,
  memorySuite,
];
