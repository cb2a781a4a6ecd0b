import { mkdir, writeFile } from 'node:fs/promises';
import type { Logger } from '../runtime/types.ts';
import { encodeText, isForwarded } from './forward.ts';
import type { ProcessedExecution, Processor } from './types.ts';

const defaultFolder = '/var/log/dkron';

/**
 * `files`: writes `<log_dir>/<execution id>.log` and stores its path as the output. A file that can't be written leaves
 * the output as it was: Dkron stores the path nevertheless, and the output is lost.
 */
export function createFilesProcessor(log: Logger): Processor {
  const write = async (
    execution: ProcessedExecution,
    config: Readonly<Record<string, string>>,
  ): Promise<Uint8Array> => {
    const folder = (config.log_dir ?? '') === '' ? defaultFolder : (config.log_dir ?? '');
    // A node's name is part of the id: it must not lead out of the folder.
    const path = `${folder}/${execution.executionId.replaceAll(/[/\0]/g, '_')}.log`;
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(path, execution.output, { mode: 0o644 });
    } catch (error) {
      log.error('The output could not be written to its file; it is stored instead', {
        job: execution.jobName,
        path,
        reason: error instanceof Error ? error.message : String(error),
      });
      return execution.output;
    }
    return isForwarded(config, execution, 'files', log) ? execution.output : encodeText(path);
  };
  return {
    process: (execution, config, done) => {
      void write(execution, config).then(done);
    },
  };
}
