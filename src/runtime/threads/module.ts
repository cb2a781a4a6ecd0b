import { assert } from '../../core/assert.ts';
import type { Counters } from '../counters.ts';
import type { HostedDefinition } from '../definition.ts';

/** What ports may be made of, beside the actor's configuration. */
export interface PortsWorld {
  readonly node: string;
  readonly actor: string;
  /** The node's counters and gauges: to read all of them (metrics page) or to count inside a port. */
  readonly metrics: Counters;
}

/** What a row's module exports. `openPorts` runs on the actor's thread; what it throws is a failure to start. */
export interface ActorModule {
  readonly definition: HostedDefinition;
  openPorts(config: unknown, world: PortsWorld): unknown;
}

/** Imports the module of a row and checks what it exports. */
export async function loadActor(url: string): Promise<ActorModule> {
  const loaded: Partial<ActorModule> = await import(url);
  const { definition, openPorts } = loaded;
  assert(typeof definition?.start === 'function', `${url} exports an actor as \`definition\``);
  assert(typeof openPorts === 'function', `${url} exports \`openPorts\``);
  return { definition, openPorts };
}
