import { assert, assertNever } from '../../../src/core/assert.ts';
import { maxExecutionsTag } from '../../../src/core/dispatch/targets.ts';
import type { StringMap } from '../../../src/core/jobs/records.ts';
import { type Epoch, epoch, type NodeName } from '../../../src/core/units.ts';
import type { Actor, ActorDefinition, Context, Ref, ReplyToken } from '../../../src/runtime/types.ts';
import type { Member, MemberStatus, MembersEvent, MembershipCommand } from './protocol.ts';

export interface MembershipConfig {
  readonly nodeName: NodeName;
  /** Address and port at which other nodes gossip with this one. */
  readonly address: string;
  readonly gossipPort: number;
  /** Address and port of this node's transport, as other nodes reach it. */
  readonly rpcAddress: string;
  readonly rpcPort: number;
  readonly datacenter: string;
  readonly region: string;
  readonly version: string;
  readonly server: boolean;
  /** How many servers are to found the cluster; 0: none, it is to be joined. */
  readonly expect: number;
  /** Executions that the node runs at once; 0: no limit. */
  readonly maxExecutions: number;
  /** The user's tags. */
  readonly tags: StringMap;
}

/** What a node says of itself. It wins over a user's tag of the same name (dkron-v4 4.1). */
function ownTags(config: MembershipConfig): StringMap {
  const host = config.rpcAddress.includes(':') ? `[${config.rpcAddress}]` : config.rpcAddress;
  return {
    role: 'dkron',
    dc: config.datacenter,
    region: config.region,
    version: config.version,
    ...(config.server ? { server: 'true' } : {}),
    ...(config.expect === 0 ? {} : { expect: String(config.expect) }),
    rpc_addr: `${host}:${config.rpcPort}`,
    port: String(config.rpcPort),
    ...(config.maxExecutions === 0 ? {} : { [maxExecutionsTag]: String(config.maxExecutions) }),
  };
}

/** Sorted by key, as Dkron shows them. */
function sortedTags(user: StringMap, own: StringMap): StringMap {
  const tags = new Map([...Object.entries(user), ...Object.entries(own)]);
  return Object.fromEntries([...tags].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Who is in the cluster, under which tags: this node. */
class MembershipActor implements Actor<MembershipCommand> {
  readonly #context: Context<MembershipCommand>;
  readonly #config: MembershipConfig;
  readonly #ownTags: StringMap;
  readonly #watchers = new Map<string, Ref<MembersEvent>>();
  #userTags: StringMap;
  #status: MemberStatus = 'alive';
  #epoch: Epoch = epoch(0);

  constructor(context: Context<MembershipCommand>, config: MembershipConfig) {
    this.#context = context;
    this.#config = config;
    this.#ownTags = ownTags(config);
    this.#userTags = config.tags;
    context.ready();
  }

  receive(message: MembershipCommand, reply: ReplyToken | null): void {
    switch (message.type) {
      case 'listMembers':
        this.#answer(reply);
        return;
      case 'watchMembers':
        this.#watchers.set(`${message.watcher.node ?? ''}/${message.watcher.actor}`, message.watcher);
        this.#tell(message.watcher);
        return;
      case 'announceEpoch':
        if (message.epoch === this.#epoch) return;
        this.#epoch = message.epoch;
        this.#tellAll();
        return;
      case 'replaceUserTags':
        this.#userTags = message.tags;
        this.#tellAll();
        return;
      case 'leave':
        this.#leave();
        this.#answer(reply);
        this.#context.stopNode(0, 'this node has left the cluster');
        return;
      default:
        assertNever(message);
    }
  }

  /** Watchers see both steps, as they do of any node that leaves. Leaving again changes nothing; the node stops. */
  #leave(): void {
    if (this.#status === 'left') return;
    this.#status = 'leaving';
    this.#tellAll();
    this.#status = 'left';
    this.#tellAll();
  }

  #members(): readonly Member[] {
    const { nodeName, address, gossipPort } = this.#config;
    const tags = sortedTags(this.#userTags, this.#ownTags);
    return [{ name: nodeName, address, port: gossipPort, tags, status: this.#status, epoch: this.#epoch }];
  }

  #answer(reply: ReplyToken | null): void {
    if (reply !== null) this.#context.reply(reply, this.#members());
  }

  #tellAll(): void {
    for (const watcher of this.#watchers.values()) this.#tell(watcher);
  }

  #tell(watcher: Ref<MembersEvent>): void {
    this.#context.send(watcher, { type: 'members', members: this.#members() });
  }

  check(): void {
    assert(this.#epoch >= 0 && Number.isInteger(this.#epoch), 'an epoch is a count');
  }
}

export const definition: ActorDefinition<MembershipCommand, MembershipConfig, unknown> = {
  mailbox: { capacity: 4_096, overflow: { policy: 'credit' } },
  start: (context, config) => new MembershipActor(context, config),
};
