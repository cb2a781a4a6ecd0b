/** Replaces the process by another program, and with it all of its threads; since Node 22.15, not on Windows. */
type Execve = (file: string, args: readonly string[], env: Readonly<Record<string, string>>) => void;

/**
 * Ends this process at once, although one of its threads can't be ended. `process.exit` ends all threads first, and Node
 * aborts when one of them has uWebSockets.js open. So the process becomes one that only exits with the code; where that
 * is not to be had it kills itself, and the code is lost (128 + 9 for a shell).
 */
export function endProcess(exitCode: number): void {
  const { execve } = process as { readonly execve?: Execve };
  try {
    execve?.('/bin/sh', ['sh', '-c', `exit ${exitCode}`], {});
  } catch {
    // No shell here.
  }
  process.kill(process.pid, 'SIGKILL');
}
