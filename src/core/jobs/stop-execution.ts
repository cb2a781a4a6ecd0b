import { executionId } from '../units.ts';
import type { Change } from './changes.ts';
import type { Ledger } from './ledger.ts';
import type { ExecutionRecord, StopReason } from './records.ts';

/** Wants a running execution to end; the first reason stays. */
export function stopExecution(ledger: Ledger, record: ExecutionRecord, reason: StopReason, out: Change[]): void {
  if (record.stop !== null) return;
  ledger.putExecution({ ...record, stop: reason });
  const { job, stamp, node, group } = record;
  out.push({ type: 'executionStopping', id: executionId(stamp, node), job, group, reason });
}
