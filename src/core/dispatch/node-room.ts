import type { Target } from '../jobs/records.ts';
import type { NodeName } from '../units.ts';
import type { KnownWorkers } from './known-workers.ts';
import type { Worker } from './targets.ts';

/**
 * Room on nodes that run so many executions at once only (`--max-executions`): what the state has open there, and what is
 * on its way into the state. A node refuses what is too much all the same; this keeps it waiting where it is seen.
 */
export class NodeRoom {
  readonly #workers: KnownWorkers;
  readonly #openOn: (node: NodeName) => number;
  readonly #underWay = new Map<NodeName, number>();
  readonly #byProposal = new Map<number, readonly NodeName[]>();

  constructor(workers: KnownWorkers, openOn: (node: NodeName) => number) {
    this.#workers = workers;
    this.#openOn = openOn;
  }

  free(node: NodeName): number {
    const most = this.#workers.get(node)?.maxExecutions;
    return most === undefined ? Number.POSITIVE_INFINITY : most - this.#openOn(node) - (this.#underWay.get(node) ?? 0);
  }

  readonly isFull = ({ node }: Worker): boolean => this.free(node) <= 0;

  /** The targets, those marked to wait that find no room; `isBehind`: others wait for that node already. */
  take(targets: readonly Target[], isBehind: (node: NodeName) => boolean): readonly Target[] {
    if (!targets.some(({ node }) => this.#isLimited(node))) return targets;
    return targets.map((target): Target => {
      const { node } = target;
      if (!this.#isLimited(node)) return target;
      if (this.free(node) <= 0 || isBehind(node)) return { ...target, waits: true };
      this.#underWay.set(node, (this.#underWay.get(node) ?? 0) + 1);
      return target;
    });
  }

  /** These are on their way into the state, until the proposal is answered. */
  proposed(proposal: number, targets: readonly Target[]): void {
    const nodes = targets.filter(({ node, waits }) => waits !== true && this.#isLimited(node)).map(({ node }) => node);
    if (nodes.length > 0) this.#byProposal.set(proposal, nodes);
  }

  answered(proposal: number): void {
    for (const node of this.#byProposal.get(proposal) ?? []) {
      this.#underWay.set(node, Math.max(0, (this.#underWay.get(node) ?? 0) - 1));
    }
    this.#byProposal.delete(proposal);
  }

  clear(): void {
    this.#underWay.clear();
    this.#byProposal.clear();
  }

  #isLimited(node: NodeName): boolean {
    return this.#workers.get(node)?.maxExecutions !== undefined;
  }
}
