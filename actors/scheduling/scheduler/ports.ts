import { cronExtensions } from '../../../src/adapters/cron-extensions.ts';
import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import { IntlZones } from '../../../src/adapters/zones.ts';
import type { SchedulerPorts } from './actor.ts';

export { definition } from './actor.ts';

export interface SchedulerPortsConfig {
  readonly dataDirectory: string;
}

export const openPorts = (config: SchedulerPortsConfig): SchedulerPorts => ({
  store: lmdbStores(config.dataDirectory),
  zones: new IntlZones(),
  extensions: cronExtensions,
});
