import type { StringMap } from '../core/jobs/records.ts';
import type { NodeName } from '../core/units.ts';
import type { LogLevel } from '../runtime/types.ts';
import type { Address } from './addresses.ts';

/** Everything an agent is told at its start: checked, with addresses resolved and paths absolute. */
export interface AgentConfig {
  readonly nodeName: NodeName;
  /** Always true in this version. */
  readonly server: boolean;
  /** Where gossip listens (UDP and TCP). */
  readonly bindAddress: Address;
  /** What other nodes are told instead. */
  readonly advertiseAddress: Address;
  readonly httpAddress: Address;
  /** Port of the links between nodes, on the host of `bindAddress`. */
  readonly rpcPort: number;
  readonly advertiseRpcPort: number;
  readonly profile: 'lan' | 'wan' | 'local';
  /** 1 to 10: stretches the time-outs of the log. */
  readonly raftMultiplier: number;
  /** Servers that form a new cluster. */
  readonly bootstrapExpect: number;
  readonly dataDirectory: string;
  readonly datacenter: string;
  readonly region: string;
  /** Those of the user; the node adds its own (dkron-v4 4.1). */
  readonly tags: StringMap;
  readonly logLevel: LogLevel;
  readonly ui: boolean;
  readonly threads: 'actors' | 'compact';
  readonly executorMode: 'auto' | 'spawn';
  readonly outputLimitBytes: number;
  /** Executions that this node runs at once; 0: no limit. */
  readonly maxExecutions: number;
  readonly stopGraceMs: number;
  readonly drainTimeoutMs: number;
}

/** Settings that a running node takes over at a reload; all others need a restart. */
export const reloadableSettings = ['tags'] as const satisfies readonly (keyof AgentConfig)[];
