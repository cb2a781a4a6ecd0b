import { parseGoBool } from '../executors/go-values.ts';
import type { Logger } from '../runtime/types.ts';
import type { ProcessedExecution } from './types.ts';

/** The key `forward`: whether the output is kept beside being sent elsewhere. Anything but a boolean is no, with a warning. */
export function isForwarded(
  config: Readonly<Record<string, string>>,
  execution: ProcessedExecution,
  processor: string,
  log: Logger,
): boolean {
  const forward = parseGoBool(config.forward ?? '');
  if (forward.ok) return forward.value;
  log.warn('The processor has no valid "forward" (true or false): the output is replaced by a note of where it went', {
    processor,
    job: execution.jobName,
    forward: config.forward,
  });
  return false;
}

const encoder = new TextEncoder();

export const encodeText = (text: string): Uint8Array => encoder.encode(text);
