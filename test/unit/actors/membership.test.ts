import { beforeEach, describe, expect, it } from 'vitest';
import { definition, type MembershipConfig } from '../../../actors/cluster/membership/actor.ts';
import type { Member, MembersEvent, MembershipCommand } from '../../../actors/cluster/membership/protocol.ts';
import { epoch, nodeName } from '../../../src/core/units.ts';
import { localRef } from '../../../src/runtime/types.ts';
import { ActorHarness } from '../../support/fake-context.ts';

const watcher = localRef<MembersEvent>('watcher');
/** The server of the recorded answers of Dkron (test/fixtures, routing-5.0). */
const recorded: MembershipConfig = {
  nodeName: nodeName('n0'),
  address: '127.0.0.1',
  gossipPort: 18946,
  rpcAddress: '127.0.0.1',
  rpcPort: 16868,
  datacenter: 'dc1',
  region: 'global',
  version: 'devel',
  server: true,
  expect: 1,
  maxExecutions: 0,
  tags: {},
};

let membership: ActorHarness<MembershipCommand>;
function boot(config: Partial<MembershipConfig> = {}): void {
  membership = new ActorHarness<MembershipCommand>('membership');
  membership.start(definition, { ...recorded, ...config }, {});
}

function list(): readonly Member[] {
  const token = membership.deliverAsk({ type: 'listMembers' });
  return membership.replies.find((answer) => answer.token === token)?.reply as readonly Member[];
}

const seen = (): (readonly Member[])[] => membership.takeMessages<MembersEvent>().map((event) => event.members);

describe('membership of one node', () => {
  beforeEach(() => boot());

  it('lists this node with the tags that Dkron shows, in their order', () => {
    expect(membership.isReady).toBe(true);
    const [member, ...others] = list();
    expect(others).toEqual([]);
    expect(member).toMatchObject({ name: 'n0', address: '127.0.0.1', port: 18946, status: 'alive', epoch: 0 });
    expect(JSON.stringify(member?.tags)).toBe(
      '{"dc":"dc1","expect":"1","port":"16868","region":"global","role":"dkron","rpc_addr":"127.0.0.1:16868","server":"true","version":"devel"}',
    );
  });

  it('keeps its own tags when a user sets the same', () => {
    boot({ tags: JSON.parse('{"role":"web","zone":"a","server":"false","__proto__":"b"}') });
    const tags = list()[0]?.tags ?? {};
    expect(tags).toMatchObject({ role: 'dkron', zone: 'a', server: 'true' });
    expect(Object.getOwnPropertyDescriptor(tags, '__proto__')?.value).toBe('b');
  });

  it('says nothing of a server or of an expected size on an agent that joins', () => {
    boot({ server: false, expect: 0 });
    const tags = list()[0]?.tags ?? {};
    expect('server' in tags || 'expect' in tags).toBe(false);
  });

  it('brackets an IPv6 address', () => {
    boot({ rpcAddress: 'fd00::1' });
    expect(list()[0]?.tags.rpc_addr).toBe('[fd00::1]:16868');
  });

  it('tells watchers at once and at each change', () => {
    membership.deliver({ type: 'watchMembers', watcher });
    membership.deliver({ type: 'announceEpoch', epoch: epoch(7) });
    membership.deliver({ type: 'announceEpoch', epoch: epoch(7) });
    membership.deliver({ type: 'replaceUserTags', tags: { zone: 'b', role: 'web' } });
    const events = seen();
    expect(events.map(([member]) => member?.epoch)).toEqual([0, 7, 7]);
    expect(events.at(-1)?.[0]?.tags).toMatchObject({ zone: 'b', role: 'dkron' });
    membership.deliver({ type: 'replaceUserTags', tags: {} });
    expect(seen().at(-1)?.[0]?.tags.zone).toBeUndefined();
  });

  it('leaves in two steps, once, and then stops the node', () => {
    membership.deliver({ type: 'watchMembers', watcher });
    membership.takeMessages();
    const token = membership.deliverAsk({ type: 'leave' });
    expect(seen().map(([member]) => member?.status)).toEqual(['leaving', 'left']);
    expect(membership.replies.find((answer) => answer.token === token)?.reply).toMatchObject([{ status: 'left' }]);
    expect(membership.stoppedNode).toMatchObject({ exitCode: 0 });
    membership.deliverAsk({ type: 'leave' });
    expect(seen()).toEqual([]);
    expect(list()[0]?.status).toBe('left');
  });
});
