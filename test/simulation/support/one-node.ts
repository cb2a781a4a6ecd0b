import { definition as logDefinition } from '../../../actors/cluster/log/actor.ts';
import { definition as membershipDefinition } from '../../../actors/cluster/membership/actor.ts';
import { definition as stateDefinition } from '../../../actors/cluster/state/actor.ts';
import { definition as apiDefinition } from '../../../actors/edge/api/actor.ts';
import type { ProposalOutcome } from '../../../actors/proposer.ts';
import { definition as dispatcherDefinition } from '../../../actors/scheduling/dispatcher/actor.ts';
import { definition as schedulerDefinition } from '../../../actors/scheduling/scheduler/actor.ts';
import { executorActor } from '../../../actors/work/executor/actor.ts';
import { processorActor } from '../../../actors/work/processor/actor.ts';
import { cronExtensions } from '../../../src/adapters/cron-extensions.ts';
import { IntlZones } from '../../../src/adapters/zones.ts';
import { ScheduleRules } from '../../../src/api/schedule-rules.ts';
import { assert } from '../../../src/core/assert.ts';
import type { Command } from '../../../src/core/jobs/commands.ts';
import type { JobRecord } from '../../../src/core/jobs/records.ts';
import { limits } from '../../../src/core/limits.ts';
import { ScheduleInterner } from '../../../src/core/schedule/compile.ts';
import type { Schedule } from '../../../src/core/schedule/schedule.ts';
import { type NodeName, nodeName } from '../../../src/core/units.ts';
import type { Store } from '../../../src/runtime/ports.ts';
import type { SimulatedNode } from '../../../src/runtime/simulation/node.ts';
import type { Simulation } from '../../../src/runtime/simulation/simulation.ts';
import { type SimulationTable, simulationRow } from '../../../src/runtime/simulation/table.ts';
import type { SimulatedWorld } from '../../../src/runtime/simulation/thread.ts';
import { localRef } from '../../../src/runtime/types.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import { type DriverCommand, driverDefinition } from './driver.ts';
import { createSimulatedExecutor, SimulatedMachine } from './simulated-executor.ts';
import { SimulatedHttp } from './simulated-http.ts';

export const zones = new IntlZones('UTC');
export const schedules = new ScheduleInterner(zones, cronExtensions);

/** Of a process of the life before. */
const slowestDeathMs = 400;

export function compileStored(job: JobRecord): Schedule {
  const compiled = schedules.compile(job.schedule, job.name, job.timezone);
  assert(compiled.ok, 'a stored schedule is valid');
  return compiled.schedule;
}

const name: NodeName = nodeName('n0');

/** Few enough that executions wait for the node now and then. */
export const fewExecutions = 12;

/** Faults are what these tests are about: no number of restarts is too many. */
const patient = { intensity: { restarts: 1_000, withinMs: 60_000 }, backoff: { firstMs: 20, maxMs: 2_000 } };

/** What a thread may stand still for, where somebody watches. */
export const hangMs = 15_000;

function table(isWatched: boolean, maxExecutions: number): SimulationTable {
  const membership = {
    nodeName: name,
    address: '127.0.0.1',
    gossipPort: 8946,
    rpcAddress: '127.0.0.1',
    rpcPort: 6868,
    datacenter: 'dc1',
    region: 'global',
    version: 'test',
    server: true,
    expect: 1,
    maxExecutions,
    tags: {},
  };
  const executor = {
    nodeName: name,
    outputLimitBytes: limits.outputBytes,
    maxExecutions,
    stopGraceMs: 1_000,
    drainMs: 1_000,
  };
  const api = {
    nodeName: name,
    httpAddress: { host: '127.0.0.1', port: 8080 },
    ui: false,
    version: 'test',
    region: 'global',
    encrypted: false,
  };
  const watch = isWatched ? { hangMs } : {};
  const cluster = { group: 'cluster', shutdownMs: 5_000, ...watch };
  const scheduling = { group: 'scheduling', shutdownMs: 5_000, ...watch };
  const work = { group: 'work', shutdownMs: 10_000, ...watch };
  const edge = { group: 'edge', shutdownMs: 5_000 };
  return {
    groups: [
      { id: 'cluster', strategy: 'rest_for_one', ...patient },
      { id: 'scheduling', strategy: 'rest_for_one', ...patient },
      { id: 'work', strategy: 'one_for_one', ...patient },
      { id: 'edge', strategy: 'one_for_one', ...patient },
    ],
    children: [
      simulationRow({ id: 'membership', ...cluster, definition: membershipDefinition, config: membership }),
      simulationRow({ id: 'log', ...cluster, definition: logDefinition, config: { nodeName: name, bootstrap: true } }),
      simulationRow({ id: 'state', ...cluster, definition: stateDefinition, config: { nodeName: name } }),
      simulationRow({ id: 'scheduler', ...scheduling, definition: schedulerDefinition, config: {} }),
      simulationRow({
        id: 'dispatcher',
        ...scheduling,
        definition: dispatcherDefinition,
        config: { nodeName: name, region: 'global', stopGraceMs: 1_000 },
      }),
      simulationRow({ id: 'executor', ...work, definition: executorActor, config: executor }),
      simulationRow({ id: 'processor', ...work, definition: processorActor, config: { nodeName: name } }),
      simulationRow({ id: 'driver', ...work, definition: driverDefinition, config: { nodeName: name } }),
      simulationRow({ id: 'api', ...edge, definition: apiDefinition, config: api }),
    ],
  };
}

/** All actors of a server on one node, with a client. Its disk and its machine outlive crashes. */
export class OneNode {
  readonly node: SimulatedNode;
  readonly machine: SimulatedMachine;
  readonly http = new SimulatedHttp();
  readonly #onEnded: (request: number, outcome: ProposalOutcome) => void;
  #world: SimulatedWorld | null = null;
  #furthestApplied = 0;

  /** Lives of actors so far. */
  lives = 0;

  readonly simulation: Simulation;
  /** Threads that hang are ended by force. */
  readonly isWatched: boolean;
  /** At once on the node; 0: no limit, and then launches are claimed ahead of their time. */
  readonly maxExecutions: number;

  constructor(
    simulation: Simulation,
    isWatched: boolean,
    maxExecutions: number,
    onEnded: (request: number, outcome: ProposalOutcome) => void,
  ) {
    this.simulation = simulation;
    this.#onEnded = onEnded;
    this.machine = new SimulatedMachine('boot-1', () => simulation.nowMs);
    this.isWatched = isWatched;
    this.maxExecutions = maxExecutions;
    this.node = simulation.addNode(name, table(isWatched, maxExecutions), (actor, world) => this.#ports(actor, world));
  }

  /** To the driver; lost while the node is down. */
  submit(request: number, command: Command): void {
    if (!this.node.running) return;
    this.node.send(localRef<DriverCommand>('driver'), { type: 'submit', request, command });
  }

  /**
   * What is committed; null before the state's store was opened in this life of the node, and while it shows less than it
   * has shown. After a crash of the machine it applies some of the log again; without space for the log, which can't go on
   * then, it shows after `limits.stateCatchUpMs` what there is.
   */
  read(): StateReader | null {
    const store = this.stateStore();
    if (store === null) return null;
    const reader = new StateReader(store);
    const applied = reader.appliedIndex();
    if (applied < this.#furthestApplied) return null;
    this.#furthestApplied = applied;
    return reader;
  }

  stateStore(): Store | null {
    if (this.#world === null || !this.node.runs('driver')) return null;
    return this.#world.disk.portFor(this.#world).open('state', 'read');
  }

  crash(): void {
    this.#world = null;
    this.node.crash();
  }

  #ports(actor: string, world: SimulatedWorld): unknown {
    this.lives += 1;
    const store = world.disk.portFor(world);
    switch (actor) {
      case 'log':
      case 'state':
      case 'dispatcher':
        return { store };
      case 'scheduler':
        return { store, zones, extensions: cronExtensions };
      case 'executor': {
        const timer = (delayMs: number, fire: () => void) => ({ cancel: world.after(delayMs, fire) });
        const simulated = createSimulatedExecutor(this.machine, timer, slowestDeathMs);
        return {
          store,
          openFiles: () => world.disk.openFiles(),
          executors: new Map(['simulated', 'shell'].map((name) => [name, simulated])),
          bootId: this.machine.bootId,
        };
      }
      case 'processor':
        return { processors: () => new Map() };
      case 'api':
        return {
          state: () => new StateReader(store.open('state', 'read')),
          server: this.http.factoryFor(world),
          rules: new ScheduleRules(zones, cronExtensions),
          metrics: {
            readCounters: () => this.node.metrics.readCounters(),
            readGauges: () => this.node.metrics.readGauges(),
          },
        };
      case 'driver':
        this.#world = world;
        return { ended: this.#onEnded };
      default:
        assert(actor === 'membership', `${actor} has known ports`);
        return null;
    }
  }
}
