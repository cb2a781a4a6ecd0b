import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import type { StateConfig, StatePorts } from './actor.ts';

export { definition } from './actor.ts';

export interface StatePortsConfig extends StateConfig {
  readonly dataDirectory: string;
}

export const openPorts = (config: StatePortsConfig): StatePorts => ({ store: lmdbStores(config.dataDirectory) });
