import { spawn } from 'node:child_process';
import { limits } from '../core/limits.ts';
import type { Logger } from '../runtime/types.ts';
import { encodeText, isForwarded } from './forward.ts';
import type { Processor } from './types.ts';

export interface SyslogProcessorOptions {
  readonly log: Logger;
  /** Reads messages from its input, a line each. Node.js can't open the system log's datagram socket by itself. */
  readonly program?: string;
}

/** Severity, facility and tag as Dkron's: log rules made for it go on to work. */
const programArguments = ['-p', 'cron.info', '-t', '[dkron]'];

/**
 * `syslog`: hands the output to the system's log, by the program `logger` that every Unix has (util-linux, bsdutils,
 * busybox). Where there is no system log the output stays as it was, as in Dkron.
 */
export function createSyslogProcessor({ log, program = 'logger' }: SyslogProcessorOptions): Processor {
  return {
    process: (execution, config, done) => {
      sendToLogger(program, execution.output, (failure) => {
        if (failure === null) {
          const kept = isForwarded(config, execution, 'syslog', log);
          done(kept ? execution.output : encodeText('Output in syslog'));
          return;
        }
        log.error('The output could not be sent to the system log; it is stored instead', {
          job: execution.jobName,
          reason: failure,
        });
        done(execution.output);
      });
    },
  };
}

/** `done` is called once: null, or why the log did not take it. */
function sendToLogger(program: string, output: Uint8Array, done: (failure: string | null) => void): void {
  let settled = false;
  const settle = (failure: string | null): void => {
    if (settled) return;
    settled = true;
    done(failure);
  };
  const child = spawn(program, programArguments, {
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: limits.processorMs / 2,
    killSignal: 'SIGKILL',
  });
  child.on('error', (error) => settle(error.message));
  child.on('close', (code, signal) => {
    if (code === 0) settle(null);
    else settle(signal === null ? `${program} ended with code ${code}` : `${program} was ended by ${signal}`);
  });
  // A program that ends without reading says so by its code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(output);
}
