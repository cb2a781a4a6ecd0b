import type { AgentConfig } from '../src/config/agent-config.ts';
import type { GroupSpec } from '../src/runtime/supervision.ts';
import type { ThreadOptions } from '../src/runtime/threads/fresh-thread.ts';
import type { ThreadRow, ThreadTable } from '../src/runtime/threads/launcher.ts';
import { version } from '../src/version.ts';
import type { LogPortsConfig } from './cluster/log/ports.ts';
import type { MembershipConfig } from './cluster/membership/actor.ts';
import type { StatePortsConfig } from './cluster/state/ports.ts';
import type { ApiPortsConfig } from './edge/api/ports.ts';
import type { DispatcherPortsConfig } from './scheduling/dispatcher/ports.ts';
import type { SchedulerPortsConfig } from './scheduling/scheduler/ports.ts';
import type { ExecutorPortsConfig } from './work/executor/ports.ts';
import type { ProcessorPortsConfig } from './work/processor/ports.ts';

/**
 * Few restarts at a time, with pauses that grow: a fault that a restart mends is gone at once, and one that it doesn't
 * mend stops the node within a minute, for its own supervisor (systemd, Kubernetes) to see.
 */
const groups: readonly GroupSpec[] = [
  group('cluster', 'rest_for_one'),
  group('scheduling', 'rest_for_one'),
  group('work', 'one_for_one'),
  group('edge', 'one_for_one'),
];

function group(id: string, strategy: GroupSpec['strategy']): GroupSpec {
  return {
    id,
    strategy,
    intensity: { restarts: 5, withinMs: 60_000 },
    backoff: { firstMs: 20, maxMs: 2_000 },
  };
}

/**
 * How long a thread may be silent before it counts as hung; it is noticed within a third more. Longer than any turn, also
 * on a machine that is busy with jobs; for whoever decides what runs, shorter than the lease of a node (limits.leaseMs).
 */
const HANG_MS = 15_000;
/** A turn may read all jobs: some seconds for a hundred thousand, on a busy machine. */
const LONG_HANG_MS = 30_000;
/** The api thread can't be ended by force: when it answers no more, the process ends (design section 11). */
const API_HANG_MS = 20_000;
/** Of an actor that does little: V8 would keep room for 16 MiB of young objects, filled once, while the code was loaded. */
const CALM: ThreadOptions = { resourceLimits: { maxYoungGenerationSizeMb: 3 } };
/**
 * Of an actor whose objects mostly die young: V8 lets the room for young objects grow to 48 MiB while anything survives, and
 * most of that is garbage for most of the time.
 */
const LEAN: ThreadOptions = { resourceLimits: { maxYoungGenerationSizeMb: 12 } };
/** Of an actor in which much is under way, so that much survives a collection: less room costs it processor time. */
const ROOMY: ThreadOptions = { resourceLimits: { maxYoungGenerationSizeMb: 24 } };
/**
 * Where processor time is short, whoever launches jobs comes before whoever answers requests. The api thread gets a third
 * of what another busy thread gets, which on an idle machine is all that it wants.
 */
const API_NICE = 5;
/** Room over and above what an actor waits for by itself when it stops. */
const SHUTDOWN_MS = 5_000;

/**
 * The supervision tree of a server, in start order. `module` is the compiled `ports.ts` beside each actor: the actor
 * and its real outside.
 */
export function serverTree(config: AgentConfig): ThreadTable {
  const { nodeName, dataDirectory, region } = config;
  const children: readonly ThreadRow[] = [
    row<MembershipConfig>('cluster', 'membership', membershipConfig(config), { thread: CALM }),
    row<LogPortsConfig>(
      'cluster',
      'log',
      { nodeName, dataDirectory, bootstrap: config.bootstrapExpect > 0 },
      { thread: LEAN },
    ),
    row<StatePortsConfig>('cluster', 'state', { nodeName, dataDirectory }, { hangMs: LONG_HANG_MS, thread: ROOMY }),
    row<SchedulerPortsConfig>('scheduling', 'scheduler', { dataDirectory }, { hangMs: LONG_HANG_MS, thread: LEAN }),
    row<DispatcherPortsConfig>(
      'scheduling',
      'dispatcher',
      {
        nodeName,
        dataDirectory,
        region,
        stopGraceMs: config.stopGraceMs,
      },
      { thread: LEAN },
    ),
    row<ExecutorPortsConfig>(
      'work',
      'executor',
      {
        nodeName,
        dataDirectory,
        outputLimitBytes: config.outputLimitBytes,
        maxExecutions: config.maxExecutions,
        stopGraceMs: config.stopGraceMs,
        drainMs: config.drainTimeoutMs,
        mode: config.executorMode,
      },
      { shutdownMs: config.drainTimeoutMs + config.stopGraceMs + SHUTDOWN_MS, thread: ROOMY },
    ),
    row<ProcessorPortsConfig>('work', 'processor', { nodeName }, { thread: CALM }),
    row<ApiPortsConfig>('edge', 'api', apiConfig(config), {
      terminable: false,
      hangMs: API_HANG_MS,
      thread: { ...LEAN, niceIncrement: API_NICE },
    }),
  ];
  return { groups, children };
}

function row<Config>(
  groupId: string,
  id: string,
  config: Config,
  options: Partial<Pick<ThreadRow, 'shutdownMs' | 'terminable' | 'hangMs' | 'thread'>> = {},
): ThreadRow {
  const module = new URL(`./${groupId}/${id}/ports.js`, import.meta.url);
  return { id, group: groupId, module, config, shutdownMs: SHUTDOWN_MS, hangMs: HANG_MS, ...options };
}

function membershipConfig(config: AgentConfig): MembershipConfig {
  return {
    nodeName: config.nodeName,
    address: config.advertiseAddress.host,
    gossipPort: config.advertiseAddress.port,
    rpcAddress: config.advertiseAddress.host,
    rpcPort: config.advertiseRpcPort,
    datacenter: config.datacenter,
    region: config.region,
    version,
    server: config.server,
    expect: config.bootstrapExpect,
    maxExecutions: config.maxExecutions,
    tags: config.tags,
  };
}

function apiConfig(config: AgentConfig): ApiPortsConfig {
  return {
    nodeName: config.nodeName,
    dataDirectory: config.dataDirectory,
    httpAddress: config.httpAddress,
    ui: config.ui,
    version,
    region: config.region,
    encrypted: false,
  };
}
