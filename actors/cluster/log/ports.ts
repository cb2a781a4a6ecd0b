import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import type { LogConfig, LogPorts } from './actor.ts';

export { definition } from './actor.ts';

export interface LogPortsConfig extends LogConfig {
  readonly dataDirectory: string;
}

export const openPorts = (config: LogPortsConfig): LogPorts => ({ store: lmdbStores(config.dataDirectory) });
