import type { OpenExecution } from '../../../src/core/dispatch/in-flight.ts';
import type { BusyExecution } from './protocol.ts';

/** What is told of executions that run. */
export const busyOf = (running: Iterable<Readonly<OpenExecution>>): readonly BusyExecution[] =>
  [...running].map(({ start, startedAtNs, latestOutput }) => ({
    id: start.id,
    job: start.job,
    node: start.node,
    group: start.group,
    attempt: start.attempt,
    startedAtNs,
    latestOutput,
  }));
