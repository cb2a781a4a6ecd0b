import { ERROR_HEADER, plainAnswer } from '../answers.ts';
import type { Call } from '../call.ts';
import { errorHeader } from '../errors.ts';
import { busyJson } from '../execution-json.ts';
import { jsonMap, jsonString, jsonStringMap } from '../json/writer.ts';
import type { ClusterMember, MemberStatus } from '../services.ts';

/** Serf's numbers. */
const statusNumbers: Readonly<Record<MemberStatus, number>> = { none: 0, alive: 1, leaving: 2, left: 3, failed: 4 };

/** Serf's protocol versions, as every Dkron shows them. */
const PROTOCOLS = '"ProtocolMin":1,"ProtocolMax":5,"ProtocolCur":2,"DelegateMin":2,"DelegateMax":5,"DelegateCur":4';

/** GET /v1 and /v1/ (dkron-v4 1.3). Counters that only Serf has are 0. */
export function getStatus(call: Call): void {
  const { node, cluster } = call.services;
  const members = cluster.members();
  const count = (status: MemberStatus): string => String(members.filter((member) => member.status === status).length);
  const serf: Record<string, string> = {
    members: String(members.length),
    failed: count('failed'),
    left: count('left'),
    health_score: '0',
    member_time: '1',
    event_time: '1',
    query_time: '1',
    intent_queue: '0',
    event_queue: '0',
    query_queue: '0',
    encrypted: String(node.encrypted),
    coordinate_resets: '0',
  };
  const agent = { name: node.name, version: node.version };
  const tags = members.find((member) => member.name === node.name)?.tags ?? {};
  call.json(200, jsonMap<Readonly<Record<string, string>>>({ agent, serf, tags }, jsonStringMap));
}

/** GET /v1/members. An id is new in every answer, as in Dkron. */
export function listMembers(call: Call): void {
  const { cluster, uuid } = call.services;
  call.list(
    cluster
      .members()
      .map(
        (member) => `{${memberFields(member)},"id":${jsonString(uuid())},"statusText":${jsonString(member.status)}}`,
      ),
  );
}

/** GET /v1/leader. Without one Dkron answers 500 and `null` (dkron-v4 13.1 #11). */
export function getLeader(call: Call): void {
  const { cluster } = call.services;
  const leader = cluster.members().find((member) => member.name === cluster.leader());
  if (leader !== undefined) {
    call.json(200, `{${memberFields(leader)}}`);
    return;
  }
  const { headers, ...answer } = plainAnswer(500, 'text/plain; charset=utf-8', 'null');
  call.answer({ ...answer, headers: [...headers, [ERROR_HEADER, errorHeader('leader_unknown')]] });
}

function memberFields({ name, address, port, tags, status }: ClusterMember): string {
  return (
    `"Name":${jsonString(name)},"Addr":${jsonString(address)},"Port":${port},"Tags":${jsonStringMap(tags)}` +
    `,"Status":${statusNumbers[status]},${PROTOCOLS}`
  );
}

/** GET /v1/isleader */
export function getIsLeader(call: Call): void {
  if (call.services.cluster.isLeader()) call.json(200, '"I am a leader"');
  else call.json(404, '"I am a follower"', [[ERROR_HEADER, errorHeader('not_leader')]]);
}

/** POST /v1/leave: a map of regions to their servers (dkron-v4 1.14). */
export function leave(call: Call): void {
  call.services.writes.leave((outcome) => {
    if (!outcome.ok) {
      call.fail(outcome.failure);
      return;
    }
    const regions: Record<string, string[]> = Object.create(null);
    for (const member of outcome.value) {
      if (member.tags.server !== 'true') continue;
      const region = member.tags.region ?? call.services.node.region;
      regions[region] = [...(regions[region] ?? []), serverParts(member, region)];
    }
    call.json(
      200,
      jsonMap(regions, (servers) => `[${servers.join(',')}]`),
    );
  });
}

function serverParts(member: ClusterMember, region: string): string {
  const { tags } = member;
  const rpcAddress = tags.rpc_addr ?? `${member.address}:0`;
  const [, host = '', rpcPort = '0'] = /^(.*):([0-9]+)$/.exec(rpcAddress) ?? [];
  const expect = Number.parseInt(tags.expect ?? '0', 10);
  return (
    `{"Name":${jsonString(member.name)},"ID":${jsonString(member.name)},"Region":${jsonString(region)}` +
    `,"Datacenter":${jsonString(tags.dc ?? '')},"Port":${rpcPort},"Bootstrap":${tags.bootstrap === '1'}` +
    `,"Expect":${Number.isNaN(expect) ? 0 : expect},"RaftVersion":0,"BuildVersion":${jsonString(tags.version ?? '')}` +
    `,"Addr":{"IP":${jsonString(member.address)},"Port":${rpcPort},"Zone":""}` +
    `,"RPCAddr":{"IP":${jsonString(host)},"Port":${rpcPort},"Zone":""},"Status":${statusNumbers[member.status]}}`
  );
}

/** GET /v1/busy (dkron-v4 1.12): what runs now, the oldest first. */
export function listBusy(call: Call): void {
  call.services.writes.listBusy((outcome) => {
    if (!outcome.ok) {
      call.fail(outcome.failure);
      return;
    }
    const sorted = outcome.value.toSorted((a, b) =>
      a.startedAtNs < b.startedAtNs ? -1 : Number(a.startedAtNs > b.startedAtNs),
    );
    call.list(sorted.map(busyJson));
  });
}

/** GET /v1/pause */
export function getPause(call: Call): void {
  call.json(200, `{"paused":${call.services.pause.isPaused}}`);
}

/** POST /v1/pause and /v1/unpause. */
export function setPause(isPaused: boolean): (call: Call) => void {
  return (call) => {
    call.services.pause.isPaused = isPaused;
    call.services.warn(`New job submissions ${isPaused ? 'paused' : 'resumed'}`, {});
    getPause(call);
  };
}
