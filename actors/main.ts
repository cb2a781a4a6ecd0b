import { DataDirectoryError, takeDataDirectory } from '../src/adapters/data-directory.ts';
import { allowLongHeaders } from '../src/adapters/http/uws-module.ts';
import { connectionLimit, openFileLimit } from '../src/adapters/open-files.ts';
import { runCli } from '../src/cli/run.ts';
import { CliError, type RunAgent } from '../src/cli/types.ts';
import type { Notice } from '../src/config/errors.ts';
import { limits } from '../src/core/limits.ts';
import { type RunningNode, startNode } from '../src/runtime/threads/node.ts';
import { localRef } from '../src/runtime/types.ts';
import type { MembershipCommand } from './cluster/membership/protocol.ts';
import { serverTree } from './tree.ts';

/** The composition root: settings to a tree of actors, signals to messages. */
const runAgent: RunAgent = async (config, session) => {
  const releaseDataDirectory = takeData(config.dataDirectory);
  allowLongHeaders();
  const node = startNode({
    name: config.nodeName,
    table: serverTree(config),
    placement: config.threads === 'compact' ? 'compact' : 'threads',
    log: { level: config.logLevel, destination: 2 },
    threadMain: new URL('../src/runtime/threads/thread-main.js', import.meta.url),
  });
  logNotices(node, session.notices);
  warnOfFewFiles(node);
  if (process.env.CARILLON_TEST_FAULTS !== undefined) {
    node.log.warn('CARILLON_TEST_FAULTS is set: this is the node of a test, whose threads can be made to fail');
  }
  const stop = (): void => node.stop(0);
  const reload = (): void => void reloadTags(node, session.reloadConfig);
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', reload);
  const { exitCode, message } = await node.ended;
  releaseDataDirectory();
  if (exitCode !== 0) process.stderr.write(`carillon: stopped with exit code ${exitCode}: ${message}\n`);
  return exitCode;
};

function takeData(directory: string): () => void {
  try {
    return takeDataDirectory(directory);
  } catch (error) {
    throw error instanceof DataDirectoryError ? new CliError(error.message) : error;
  }
}

function logNotices(node: RunningNode, notices: readonly Notice[]): void {
  for (const { level, message } of notices) node.log[level](message);
}

function warnOfFewFiles(node: RunningNode): void {
  const openFiles = openFileLimit();
  const connections = connectionLimit(openFiles);
  if (openFiles === null || connections >= limits.eventConnections) return;
  node.log.warn(
    'FEW FILES MAY BE OPEN AT ONCE, and each connection and each running job takes some: raise the limit (ulimit -n, LimitNOFILE=)',
    { openFiles, enough: Math.ceil((limits.eventConnections * 4) / 3), connectionsTaken: connections },
  );
}

/** SIGHUP: what can be taken over by a running node is; a broken file changes nothing. */
async function reloadTags(node: RunningNode, reloadConfig: Parameters<RunAgent>[1]['reloadConfig']): Promise<void> {
  try {
    const { config, notices, needRestart } = await reloadConfig();
    logNotices(node, notices);
    if (needRestart.length > 0)
      node.log.warn('settings that count after a restart', { settings: needRestart.join(', ') });
    node.send(localRef<MembershipCommand>('membership'), { type: 'replaceUserTags', tags: config.tags });
    node.log.info('configuration reloaded');
  } catch (error) {
    node.log.error('the configuration was not reloaded: the running one stays', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

process.exit(await runCli({ runAgent }));
