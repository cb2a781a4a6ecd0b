import type { StringMap } from '../../../src/core/jobs/records.ts';
import type { Epoch, NodeName } from '../../../src/core/units.ts';
import type { Ref, Replies } from '../../../src/runtime/types.ts';

export type MemberStatus = 'none' | 'alive' | 'leaving' | 'left' | 'failed';

/** A node as the cluster sees it; the shape of a Serf member (dkron-v4 1.13). */
export interface Member {
  readonly name: NodeName;
  readonly address: string;
  readonly port: number;
  readonly tags: StringMap;
  readonly status: MemberStatus;
  /** 0 until the node's executor announced itself. */
  readonly epoch: Epoch;
}

/** Accepted by `membership`. */
export type MembershipCommand =
  | ({ readonly type: 'listMembers' } & Replies<readonly Member[]>)
  /** Sends `members` now and at each change. */
  | { readonly type: 'watchMembers'; readonly watcher: Ref<MembersEvent> }
  /** From this node's executor: its life has begun. */
  | { readonly type: 'announceEpoch'; readonly epoch: Epoch }
  /** SIGHUP: user tags replaced, the node's own tags kept (dkron-v4 4.1). */
  | { readonly type: 'replaceUserTags'; readonly tags: StringMap }
  /** Leaves the cluster, answers, and stops the node: its process ends with exit code 0. */
  | ({ readonly type: 'leave' } & Replies<readonly Member[]>);

export interface MembersEvent {
  readonly type: 'members';
  readonly members: readonly Member[];
}
