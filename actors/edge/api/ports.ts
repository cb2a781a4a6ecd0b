import { cronExtensions } from '../../../src/adapters/cron-extensions.ts';
import { httpServerFactory } from '../../../src/adapters/http-server.ts';
import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import { IntlZones } from '../../../src/adapters/zones.ts';
import { ScheduleRules } from '../../../src/api/schedule-rules.ts';
import type { PortsWorld } from '../../../src/runtime/threads/module.ts';
import { StateReader } from '../../../src/wire/state-reader.ts';
import type { ApiConfig, ApiPorts } from './actor.ts';

export { definition } from './actor.ts';

export interface ApiPortsConfig extends ApiConfig {
  readonly dataDirectory: string;
}

export const openPorts = (config: ApiPortsConfig, world: PortsWorld): ApiPorts => ({
  state: () => new StateReader(lmdbStores(config.dataDirectory).open('state', 'read')),
  server: httpServerFactory((message, reason) => process.emitWarning(message, { detail: reason })),
  rules: new ScheduleRules(new IntlZones(), cronExtensions),
  metrics: world.metrics,
});
