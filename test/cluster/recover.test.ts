import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../actors/exit-codes.ts';
import { lmdbStores } from '../../src/adapters/lmdb-store.ts';
import { logIndex } from '../../src/core/units.ts';
import type { Store, StoreName } from '../../src/runtime/ports.ts';
import { decodeEntry } from '../../src/wire/entries.ts';
import { decodeLogEntry, encodeLogEntry, entryKey } from '../../src/wire/log-records.ts';
import { tableKey } from '../../src/wire/state-keys.ts';
import { decodeJob, encodeJob } from '../../src/wire/state-records.ts';
import { type NodeProcess, withNode } from '../support/node-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { DkronClient } from './support/dkron-client.ts';

const program = path.resolve(import.meta.dirname, '../../dist/bundle/actors/main.js');
const dataOf = (node: NodeProcess): string => path.join(node.dataDir, 'data');

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** `carillon recover` on the data of a node. */
function recover(node: NodeProcess, ...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'recover', '--data-dir', dataOf(node), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

/** Opens a store of a node that doesn't run. */
async function withStore(node: NodeProcess, name: StoreName, use: (store: Store) => void): Promise<void> {
  const store = lmdbStores(dataOf(node)).open(name, 'write');
  use(store);
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
    if (name === 'state') store.makeDurable(done);
    else store.commit([], done);
  });
  store.close();
}

/** Where in the log the job was created. */
function creationOf(log: Store, name: string): number {
  for (let index = 1; ; index += 1) {
    const key = entryKey(logIndex(index));
    const record = log.get(key);
    if (record === undefined) throw new Error(`the log has no creation of ${name}`);
    const { payload } = decodeLogEntry(key, record);
    if (payload.length === 0) continue;
    const { command } = decodeEntry(payload);
    if (command.type === 'setJob' && command.job.name === name) return index;
  }
}

/** It may serve for a while before it finds the damage. */
async function untilItStops(node: NodeProcess): Promise<void> {
  await node.boot().catch(() => undefined);
  await waitUntil(() => !node.running, { what: 'the node finds the damage' });
}

const command = (name: string) => ({ name, executor_config: { command: `echo ${name}` } });

/** A node that has acknowledged three jobs and a run of each, and was stopped. */
async function stoppedNode(test: (node: NodeProcess, dkron: DkronClient) => Promise<void>): Promise<void> {
  await withNode({}, async (node) => {
    const dkron = new DkronClient(node);
    for (const name of ['before', 'bad', 'after']) {
      await dkron.create(command(name));
      await dkron.run(name, '?wait');
    }
    expect((await node.stop()).code).toBe(0);
    await test(node, dkron);
  });
}

describe('carillon recover', { timeout: 90_000 }, () => {
  it('skips an entry that no version can read; everything else that was acknowledged is there', async () => {
    await stoppedNode(async (node, dkron) => {
      let index = 0;
      await withStore(node, 'log', (log) => {
        index = creationOf(log, 'bad');
        const key = entryKey(logIndex(index));
        const { term: at } = decodeLogEntry(key, log.get(key) ?? new Uint8Array(0));
        const payload = Uint8Array.of(0x91, 0x63);
        log.commit(
          [{ key, value: encodeLogEntry(key, { index: logIndex(index), term: at, kind: 'command', payload }) }],
          () => undefined,
        );
      });
      // The state has to read the log again, as that of a server does which was away.
      rmSync(path.join(dataOf(node), 'state'), { recursive: true });
      await expect(node.boot()).rejects.toThrow(`exit code ${exitCodes.stateBroken}: entry ${index} of the log`);

      const found = await recover(node);
      expect(found).toMatchObject({ code: 0, text: expect.stringContaining(`--skip-index ${index}`) });
      expect(found.text).toMatch(
        /Entry \d+, term \d+, 2 bytes: can't be decoded: entry: format version 99 is not known\n {2}9163\n/,
      );
      expect(await recover(node, '--skip-index', String(index))).toMatchObject({
        code: 3,
        text: expect.stringContaining('give --yes'),
      });
      expect(await recover(node, '--skip-index', String(index), '--yes')).toMatchObject({ code: 0 });
      expect(readFileSync(path.join(dataOf(node), 'recover.log'), 'utf8')).toMatch(
        /skipped entry .* undecodable: 9163\n$/,
      );

      await node.boot();
      expect(await dkron.jobNames()).toEqual(['after', 'before']);
      for (const name of ['after', 'before']) expect(await dkron.untilEnded(name, 1)).toHaveLength(1);
      await dkron.run('after', '?wait');
    });
  });

  it('skips an entry whose bytes are not what was written, and loses nothing that was applied', async () => {
    await stoppedNode(async (node, dkron) => {
      let index = 0;
      await withStore(node, 'log', (log) => {
        index = creationOf(log, 'bad');
        const key = entryKey(logIndex(index));
        const record = log.get(key) ?? new Uint8Array(0);
        record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
        log.commit([{ key, value: record }], () => undefined);
      });
      await expect(node.boot()).rejects.toThrow(`exit code ${exitCodes.logDamaged}`);
      expect((await recover(node)).text).toMatch(`the checksum of entry ${index} is wrong`);
      expect(await recover(node, '--skip-index', String(index), '--yes')).toMatchObject({ code: 0 });
      await node.boot();
      expect(await dkron.jobNames()).toEqual(['after', 'bad', 'before']);
      expect(await recover(node)).toMatchObject({ code: 1, text: expect.stringContaining('is in use by process') });
    });
  });

  it('has a damaged state made anew from the log', async () => {
    await stoppedNode(async (node, dkron) => {
      await withStore(node, 'state', (state) => {
        const key = tableKey('jobs', 'bad');
        const job = decodeJob(state.get(key) ?? new Uint8Array(0));
        state.publish([
          { key, value: encodeJob({ ...job, executorConfig: { command: 'rm -rf /tmp/what-nobody-wrote' } }) },
        ]);
      });
      await untilItStops(node);
      expect(node.log).toContain(`exit code ${exitCodes.stateDiffers}`);
      expect((await recover(node)).text).toContain('carillon recover --rebuild-state');
      expect(await recover(node, '--rebuild-state', '--yes')).toMatchObject({ code: 0 });
      expect(existsSync(path.join(dataOf(node), 'state'))).toBe(false);

      await node.boot();
      expect(await dkron.job('bad')).toMatchObject({ success_count: 1, executor_config: { command: 'echo bad' } });
      expect(await dkron.executions('after')).toHaveLength(1);
      expect((await node.stop()).code).toBe(0);
      expect((await recover(node)).text).toContain('Nothing is wrong');
    });
  });

  it('goes on with a state that the log can no longer make, when it is told to', async () => {
    await stoppedNode(async (node, dkron) => {
      await withStore(node, 'state', (state) => {
        const key = tableKey('jobs', 'bad');
        state.publish([
          { key, value: encodeJob({ ...decodeJob(state.get(key) ?? new Uint8Array(0)), owner: 'nobody' }) },
        ]);
      });
      await untilItStops(node);
      expect(await recover(node, '--accept-state', '--yes')).toMatchObject({ code: 0 });
      await node.boot();
      await dkron.run('after', '?wait');
      expect((await node.stop()).code).toBe(0);
      expect((await recover(node)).text).toContain('Nothing is wrong');
    });
  });

  it('refuses what would change nothing, and what is not there', async () => {
    await stoppedNode(async (node) => {
      for (const [index, why] of [
        ['1', 'does nothing'],
        ['2', 'has applied entry 2 already'],
        ['99999', 'there is no entry 99999'],
      ] as const) {
        const { code, text } = await recover(node, '--skip-index', index, '--yes');
        expect([index, code]).toEqual([index, 3]);
        expect(text).toContain(why);
      }
      expect(await recover(node, '--skip-index', 'two')).toMatchObject({ code: 1 });
      expect(await recover(node, '--skip-index', '2', '--rebuild-state')).toMatchObject({ code: 1 });
      await node.boot();
    });
  });
});
