import type { OutputPart } from '../../../src/core/dispatch/live-output.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import type { ExecutionId, NodeName } from '../../../src/core/units.ts';
import type { Context, Ref } from '../../../src/runtime/types.ts';
import type { ExecutorCommand } from '../../work/executor/protocol.ts';
import type { DispatcherCommand, OutputEvent, OutputWish } from './protocol.ts';

type Watcher = Ref<OutputEvent>;

interface Outside {
  readonly context: Context<DispatcherCommand>;
  readonly executor: (node: NodeName) => Ref<ExecutorCommand>;
  /** What runs, or is to; undefined: this dispatcher does not know it. */
  readonly open: (id: ExecutionId) => ExecutionStart | undefined;
}

const keyOf = ({ node, actor }: Watcher): string => `${node ?? ''}/${actor}`;

/** Who follows what is written: passes it on from the executors, which are told what somebody wants to see. */
export class OutputWatch {
  readonly #outside: Outside;
  readonly #followed = new Map<ExecutionId, Map<string, Watcher>>();
  readonly #ofAll = new Map<string, Watcher>();
  /** Nodes that reported to this dispatcher. */
  readonly #nodes = new Set<NodeName>();

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  wished(wish: OutputWish): void {
    const key = keyOf(wish.watcher);
    if (wish.type === 'followOutput') {
      const watchers = this.#followed.get(wish.id) ?? new Map<string, Watcher>();
      this.#followed.set(wish.id, watchers.set(key, wish.watcher));
      this.#tellExecutor(wish.id);
    } else if (wish.type === 'unfollowOutput') {
      const watchers = this.#followed.get(wish.id);
      watchers?.delete(key);
      if (watchers?.size === 0) this.#followed.delete(wish.id);
    } else {
      if (wish.isWanted) this.#ofAll.set(key, wish.watcher);
      else this.#ofAll.delete(key);
      for (const node of this.#nodes) this.#tellOfAll(node);
    }
  }

  /** A node has reported: it has forgotten what it was told before. */
  reported(node: NodeName): void {
    this.#nodes.add(node);
    if (this.#ofAll.size > 0) this.#tellOfAll(node);
    for (const id of this.#followed.keys()) if (this.#outside.open(id)?.node === node) this.#tellExecutor(id);
  }

  /** It was sent to its node; who wanted to follow it came before. */
  opened(id: ExecutionId): void {
    if (this.#followed.has(id)) this.#tellExecutor(id);
  }

  arrived(part: OutputPart): void {
    const watchers = new Map(this.#followed.get(part.id));
    if (part.part !== 'soFar') for (const [key, watcher] of this.#ofAll) watchers.set(key, watcher);
    if (watchers.size === 0) return;
    const start = this.#outside.open(part.id);
    if (start === undefined) return;
    const event: OutputEvent = { ...part, type: 'outputArrived', job: start.job, node: start.node };
    for (const watcher of watchers.values()) this.#outside.context.send(watcher, event);
  }

  #tellExecutor(id: ExecutionId): void {
    const node = this.#outside.open(id)?.node;
    if (node !== undefined) this.#outside.context.send(this.#outside.executor(node), { type: 'watchOutput', id });
  }

  #tellOfAll(node: NodeName): void {
    const isWanted = this.#ofAll.size > 0;
    this.#outside.context.send(this.#outside.executor(node), { type: 'watchAllOutput', isWanted });
  }
}
