import type { ClusterMember, ClusterView } from '../../../src/api/services.ts';
import type { NodeName } from '../../../src/core/units.ts';
import type { LeadershipEvent } from '../../cluster/log/protocol.ts';
import type { MembersEvent } from '../../cluster/membership/protocol.ts';

/** What this node was last told of the cluster. */
export class KnownCluster implements ClusterView {
  #members: readonly ClusterMember[] = [];
  #leader: NodeName | null = null;
  #isLeader = false;
  #followsState = false;

  heard(event: LeadershipEvent | MembersEvent): void {
    if (event.type === 'members') {
      this.#members = event.members;
    } else {
      this.#leader = event.leader;
      this.#isLeader = event.isLeader;
    }
  }

  stateFollowed(): void {
    this.#followsState = true;
  }

  members(): readonly ClusterMember[] {
    return this.#members;
  }

  leader(): NodeName | null {
    return this.#leader;
  }

  isLeader(): boolean {
    return this.#isLeader;
  }

  isReady(): boolean {
    return this.#followsState && this.#leader !== null;
  }
}
