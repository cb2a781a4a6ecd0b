import type { Kernel } from './kernel.ts';
import type { PreVoteRequest, VoteRequest } from './messages.ts';

/** Whether an election could be won with this node's help. Whoever hears a leader says no (thesis sections 9.6, 4.2.3). */
export function answerPreVote(kernel: Kernel, request: PreVoteRequest, hearsLeader: boolean): void {
  const granted =
    request.term > kernel.term && !hearsLeader && kernel.log.isUpToDate(request.lastIndex, request.lastTerm);
  const term = granted ? request.term : kernel.term;
  kernel.send({ type: 'preVoteReply', from: kernel.self, to: request.from, term, granted });
}

/**
 * A vote in the current term: one, to the first who asks, if its log is no older (thesis section 3.6.1). It is said
 * when it is durable. Returns whether it was given.
 */
export function answerVote(kernel: Kernel, request: VoteRequest): boolean {
  const isFree = kernel.vote === null || kernel.vote === request.from;
  const granted = isFree && kernel.log.isUpToDate(request.lastIndex, request.lastTerm);
  if (granted) kernel.castVote(request.from);
  kernel.sendDurably({ type: 'voteReply', from: kernel.self, to: request.from, term: kernel.term, granted });
  return granted;
}
