import type { WallNs } from '../units.ts';
import type { OpenExecution, WorkerReport } from './in-flight.ts';

/** What a worker's report says of one open execution that is assigned to it. */
export type Verdict =
  | { readonly type: 'runs' }
  /** Nothing to do: its end is on its way, or it is being assigned anew. */
  | { readonly type: 'settled' }
  /** The start did not arrive in this life of the node: send it (again). */
  | { readonly type: 'send' }
  /** It certainly never started in an earlier life: assign it to this one (P2). */
  | { readonly type: 'again' }
  /** It ran, or may have run, and nobody will ever know its end. */
  | { readonly type: 'lost'; readonly startedAtNs: WallNs; readonly why: string };

const unaccounted = "may have been running before its node's journal begins";
const rebooted = 'may have been running when its machine was restarted';

/**
 * Judges open executions by a worker's account of its journal. The record of a start is durable before the work begins
 * (docs/decisions/0001): where the journal is silent, nothing began in the lives that it covers. That is trusted within
 * one boot of the machine; after another one it would rest on the disk having kept what it called flushed.
 */
export function judgeReport(report: WorkerReport): (execution: OpenExecution) => Verdict {
  const running = new Set(report.running);
  const finished = new Set(report.finished);
  const interrupted = new Map(report.interrupted.map((item) => [item.id, item.startedAtNs]));
  return (execution) => {
    const { start, startedAtNs, phase } = execution;
    if (phase === 'ending' || execution.movingTo === report.epoch || finished.has(start.id)) return { type: 'settled' };
    if (running.has(start.id)) return { type: 'runs' };
    const interruptedAtNs = interrupted.get(start.id);
    if (interruptedAtNs !== undefined) {
      return { type: 'lost', startedAtNs: interruptedAtNs, why: 'was running when its node was restarted' };
    }
    // A worker forgets what it ran when the end is committed: the state is about to tell the same.
    if (start.epoch === report.epoch) return { type: phase === 'running' ? 'settled' : 'send' };
    if (!execution.mayBeSent || execution.movingTo !== null) return { type: 'again' };
    const isAccountedFor = start.epoch >= report.journalSince && start.epoch < report.epoch;
    if (isAccountedFor && report.sameBoot) return { type: 'again' };
    return { type: 'lost', startedAtNs, why: report.sameBoot ? unaccounted : rebooted };
  };
}
