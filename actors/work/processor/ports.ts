import { createProcessors } from '../../../src/processors/index.ts';
import type { ProcessorConfig, ProcessorPorts } from './actor.ts';

export { processorActor as definition } from './actor.ts';

export type ProcessorPortsConfig = ProcessorConfig;

export const openPorts = (): ProcessorPorts => ({
  processors: (log) =>
    createProcessors({
      log,
      stdout: (block) => process.stdout.write(block),
      stderr: (block) => process.stderr.write(block),
    }),
});
