import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DataDirectoryError } from '../../adapters/data-directory.ts';
import { type LogIndex, logIndex } from '../../core/units.ts';
import { acceptState, examine } from '../../recover/examine.ts';
import { findEntry, logExtent, skipEntry } from '../../recover/log-entry.ts';
import { StoppedNode } from '../../recover/stopped-node.ts';
import { LogDamaged } from '../../wire/log-records.ts';
import { DecodeError } from '../../wire/msgpack.ts';
import { StateReader } from '../../wire/state-reader.ts';
import { entryText, findingsText } from '../show/recovery.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';

interface RecoverOptions {
  readonly dataDir: string;
  readonly skipIndex?: string;
  readonly rebuildState?: true;
  readonly acceptState?: true;
  readonly yes?: true;
}

export function addRecoverCommand(program: Command, host: CliHost): void {
  program
    .command('recover')
    .description('Find out why a stopped node does not start, and mend its log or state')
    .option('--data-dir <path>', 'Data directory of the node, which must not run', 'carillon.data')
    .option('--skip-index <n>', 'Make nothing of this entry of the log; on every server the same')
    .option('--rebuild-state', 'Have the state made anew from the log at the next start')
    .option('--accept-state', 'Take the state as it is for right, and give it a new hash')
    .option('--yes', 'Do it without asking')
    .action((options: RecoverOptions) => recover(options, host));
}

/** One thing at a time: what is found after it may be another matter. */
async function recover(options: RecoverOptions, host: CliHost): Promise<void> {
  const { skipIndex, rebuildState, acceptState: accept } = options;
  const asked = [skipIndex, rebuildState, accept].filter((option) => option !== undefined);
  if (asked.length > 1) throw new CliError('give only one of --skip-index, --rebuild-state and --accept-state');
  const node = openNode(options.dataDir, host);
  try {
    if (skipIndex !== undefined) await skip(node, parseIndex(skipIndex), options, host);
    else if (rebuildState) await rebuild(node, options, host);
    else if (accept) await acceptAsIs(node, options, host);
    else host.output.out(findingsText(examine(node.log, node.state)));
  } catch (error) {
    throw explained(error);
  } finally {
    node.close();
  }
}

function openNode(dataDir: string, host: CliHost): StoppedNode {
  const directory = resolve(host.config.workingDirectory, dataDir);
  if (!StoppedNode.isOneIn(directory)) throw new CliError(`there is no log in ${directory}; see --data-dir`);
  try {
    return new StoppedNode(directory);
  } catch (error) {
    if (error instanceof DataDirectoryError) throw new CliError(error.message);
    throw new CliError(`the log in ${directory} can't be opened: ${error instanceof Error ? error.message : error}`);
  }
}

function parseIndex(text: string): LogIndex {
  const index = Number(text);
  if (/^\d{1,15}$/.test(text) && index > 0) return logIndex(index);
  throw new CliError(`--skip-index: "${text}" is not the index of an entry, such as 1234`);
}

async function skip(node: StoppedNode, index: LogIndex, options: RecoverOptions, host: CliHost): Promise<void> {
  const { compacted, last } = logExtent(node.log);
  if (index <= compacted || index > last) {
    throw refused(`the log holds the entries ${compacted + 1} to ${last}: there is no entry ${index} to skip`);
  }
  const found = findEntry(node.log, index);
  host.output.out(entryText(found));
  if (found.verdict.type === 'empty') throw refused(`entry ${index} does nothing: there is nothing to skip`);
  const appliedIndex = node.state === null ? 0 : new StateReader(node.state).appliedIndex();
  const isReadable = found.verdict.type === 'command' || found.verdict.type === 'undecodable';
  if (isReadable && index <= appliedIndex) {
    throw refused(
      `the state has applied entry ${index} already (it is at ${appliedIndex}): skipping it would change nothing`,
    );
  }
  host.output.error('What this entry asked for will not happen. Skip the same entry on every server of the cluster.\n');
  if (!(await isConfirmed(`Skip entry ${index}? [y/N] `, options, host))) return;
  const bytes = Buffer.from(found.bytes).toString('hex');
  node.note(new Date(), `skipped entry ${index}, term ${found.term ?? 'unknown'}, ${found.verdict.type}: ${bytes}`);
  await skipEntry(node.log, found);
  host.output.out(`Entry ${index} is skipped. Start the node; its bytes are kept in recover.log.\n`);
}

async function rebuild(node: StoppedNode, options: RecoverOptions, host: CliHost): Promise<void> {
  if (node.state === null) throw refused('there is no state: the next start makes it from the log');
  const { log, badEntries } = examine(node.log, null);
  if (log.compacted > 0) {
    throw refused([
      `the log begins at entry ${log.compacted + 1}: what was before is only in the state, which can't be made from the log any more`,
      'restore a copy of the data directory, or begin a new one and restore the jobs from a backup; --accept-state goes on with the state as it is',
    ]);
  }
  const [bad] = badEntries;
  if (bad !== undefined)
    throw refused(`entry ${bad.index} of the log can't be applied: first give --skip-index ${bad.index}`);
  if (!(await isConfirmed(`Make the state anew from ${log.last} entries of the log? [y/N] `, options, host))) return;
  const now = new Date();
  node.note(now, 'the state is to be made anew from the log');
  const aside = node.setStateAside(now);
  host.output.out(`Start the node: it makes the state anew. The old one is in ${aside}; delete it when all is well.\n`);
}

async function acceptAsIs(node: StoppedNode, options: RecoverOptions, host: CliHost): Promise<void> {
  const { state } = node;
  if (state === null) throw refused('there is no state: the next start makes it from the log');
  host.output.error(
    'Only for a cluster of one server: the state may hold what nobody asked for, or lack what somebody did.\n',
  );
  if (!(await isConfirmed('Go on with the state as it is? [y/N] ', options, host))) return;
  node.note(new Date(), 'the state was taken as it is');
  await acceptState(state);
  host.output.out('Start the node; look through its jobs. Their hash is made anew.\n');
}

async function isConfirmed(question: string, { yes }: RecoverOptions, { terminal }: CliHost): Promise<boolean> {
  if (yes === true) return true;
  if (terminal.ask === null) throw refused('nobody is there to ask: give --yes to do it');
  return /^y(es)?$/i.test((await terminal.ask(question)).trim());
}

const refused = (problems: string | readonly string[]): CliError => new CliError(problems, exitCodes.refused);

function explained(error: unknown): unknown {
  if (!(error instanceof LogDamaged || error instanceof DecodeError)) return error;
  return refused(`${error.message}: this can't be mended here; restore a copy of the data directory, or a backup`);
}
