import type { Logger } from '../runtime/types.ts';
import { createFilesProcessor } from './files.ts';
import { createLogProcessor, type WriteBlock } from './log.ts';
import { createSyslogProcessor } from './syslog.ts';
import type { Processor } from './types.ts';

export interface ProcessorsOptions {
  readonly log: Logger;
  readonly stdout: WriteBlock;
  readonly stderr: WriteBlock;
}

/** All processors, by the name that jobs call them by. */
export function createProcessors({ log, stdout, stderr }: ProcessorsOptions): ReadonlyMap<string, Processor> {
  return new Map([
    ['files', createFilesProcessor(log)],
    ['log', createLogProcessor({ log, stdout, stderr })],
    ['syslog', createSyslogProcessor({ log })],
  ]);
}
