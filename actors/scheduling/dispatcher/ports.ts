import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import type { DispatcherConfig, DispatcherPorts } from './actor.ts';

export { definition } from './actor.ts';

export interface DispatcherPortsConfig extends DispatcherConfig {
  readonly dataDirectory: string;
}

export const openPorts = (config: DispatcherPortsConfig): DispatcherPorts => ({
  store: lmdbStores(config.dataDirectory),
});
