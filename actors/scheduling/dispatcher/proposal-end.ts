import type { ProposalEnd } from '../../../src/core/dispatch/in-flight.ts';
import type { ProposalOutcome } from '../../proposer.ts';

/** What an outcome means to the core. What nobody knows the end of counts as refused: it is looked for again. */
export function endOf(outcome: ProposalOutcome): ProposalEnd {
  if (outcome.type === 'unknown') return { type: 'refused', reason: 'unknown' };
  if (outcome.type === 'refused') return { type: 'refused', reason: outcome.reason };
  const { result } = outcome;
  if (result.type === 'refused') return { type: 'refused', reason: result.code };
  return result.type === 'launched' ? { type: 'launched', group: result.group } : { type: 'done' };
}
