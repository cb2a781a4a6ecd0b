import type { WallNs } from '../units.ts';
import type { OpenExecution, WorkerReport } from './in-flight.ts';

/** What a worker's report says of one open execution that is assigned to it. */
export type Verdict =
  | { readonly type: 'runs' }
  /** Its end was or will be sent by the worker: nothing to do but wait for it. */
  | { readonly type: 'ends' }
  /** The start did not arrive in this life of the node: send it (again). */
  | { readonly type: 'send' }
  /** It certainly never started in an earlier life: assign it to this one (P2). */
  | { readonly type: 'again' }
  /** It ran, or may have run, and nobody will ever know its end. */
  | { readonly type: 'lost'; readonly startedAtNs: WallNs; readonly why: string };

/**
 * Judges open executions by a worker's account of its journal. Silence of the journal proves that nothing started only
 * within one boot of the machine: the journal is written before a start, and not flushed (design section 9).
 */
export function judgeReport(report: WorkerReport): (execution: OpenExecution) => Verdict {
  const running = new Set(report.running);
  const finished = new Set(report.finished);
  const interrupted = new Map(report.interrupted.map((item) => [item.id, item.startedAtNs]));
  return ({ start, startedAtNs, phase }) => {
    if (phase === 'ending' || finished.has(start.id)) return { type: 'ends' };
    if (running.has(start.id)) return { type: 'runs' };
    const interruptedAtNs = interrupted.get(start.id);
    if (interruptedAtNs !== undefined) {
      return { type: 'lost', startedAtNs: interruptedAtNs, why: 'was running when its node was restarted' };
    }
    if (start.epoch === report.epoch) return { type: 'send' };
    if (report.sameBoot) return { type: 'again' };
    return { type: 'lost', startedAtNs, why: 'may have been running when its machine was restarted' };
  };
}
