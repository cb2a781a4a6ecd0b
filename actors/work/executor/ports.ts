import { join } from 'node:path';
import { openAppendFiles } from '../../../src/adapters/append-files.ts';
import { readBootId } from '../../../src/adapters/boot-id.ts';
import { dataDirectoryKey } from '../../../src/adapters/data-directory.ts';
import { lmdbStores } from '../../../src/adapters/lmdb-store.ts';
import { createHttpExecutor } from '../../../src/executors/http/executor.ts';
import { createShellExecutor } from '../../../src/executors/shell/executor.ts';
import type { Executor } from '../../../src/executors/types.ts';
import { version } from '../../../src/version.ts';
import type { ExecutorConfig, ExecutorPorts } from './actor.ts';

export { executorActor as definition } from './actor.ts';

export interface ExecutorPortsConfig extends ExecutorConfig {
  readonly dataDirectory: string;
  /** `spawn`: never by pre-forked shells. */
  readonly mode: 'auto' | 'spawn';
}

export const openPorts = (config: ExecutorPortsConfig): ExecutorPorts => ({
  store: lmdbStores(config.dataDirectory),
  openFiles: () => openAppendFiles(join(config.dataDirectory, 'work')),
  executors: new Map([
    ['shell', openShell(config)],
    ['http', createHttpExecutor({ version })],
  ]),
  bootId: readBootId(),
});

const openShell = (config: ExecutorPortsConfig): Executor => {
  return createShellExecutor({
    mode: config.mode === 'spawn' ? 'spawn' : 'slots',
    scratchDirectory: join(config.dataDirectory, 'scratch'),
    nodeKey: dataDirectoryKey(config.dataDirectory),
  });
};
