/** An invariant of Carillon's own code is broken. Never caught and continued: it ends the actor or the node. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** Asserts stay on in production: a wrong step must stop here and not be replicated. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** Closes a switch over a closed union: the compiler finds the forgotten case, the run time refuses an unknown one. */
export function assertNever(value: never): never {
  throw new AssertionFailed(`unexpected case: ${JSON.stringify(value)}`);
}
