import type { CliHost } from './types.ts';

/** Runs `work` with a signal that Ctrl-C sets, instead of ending the process. */
export async function untilInterrupted<Result>(
  { terminal }: CliHost,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const release = terminal.onInterrupt(() => controller.abort());
  try {
    return await work(controller.signal);
  } finally {
    release();
  }
}
