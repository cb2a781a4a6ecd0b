import type { Logger } from '../runtime/types.ts';
import { encodeText, isForwarded } from './forward.ts';
import type { Processor } from './types.ts';

/** Where a block of output goes, whole. */
export type WriteBlock = (block: Uint8Array) => void;

export interface LogProcessorOptions {
  readonly log: Logger;
  /** For successful executions. */
  readonly stdout: WriteBlock;
  /** For failed ones. */
  readonly stderr: WriteBlock;
}

/** `log`: prints the output on the node's stdout or stderr, in the block that Dkron prints (dkron-v4 2.7). */
export function createLogProcessor({ log, stdout, stderr }: LogProcessorOptions): Processor {
  return {
    process: (execution, config, done) => {
      const { jobName, executionId, output, success } = execution;
      const write = success ? stdout : stderr;
      // One write: blocks of executions that end together must not mix.
      write(
        Buffer.concat([
          encodeText(`----- BEGIN OUTPUT job=${jobName} execution=${executionId} -----\n`),
          output,
          encodeText('\n----- END OUTPUT -----\n'),
        ]),
      );
      done(isForwarded(config, execution, 'log', log) ? output : encodeText('Output in dkron log'));
    },
  };
}
