import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFilesProcessor } from '../../../src/processors/files.ts';
import { createProcessors } from '../../../src/processors/index.ts';
import { createLogProcessor } from '../../../src/processors/log.ts';
import { createSyslogProcessor } from '../../../src/processors/syslog.ts';
import type { ProcessedExecution, Processor } from '../../../src/processors/types.ts';
import { ActorHarness } from '../../support/fake-context.ts';

const bytes = (content: string): Uint8Array => Buffer.from(content);
const text = (content: Uint8Array): string => Buffer.from(content).toString();

const execution = (changes: Partial<ProcessedExecution> = {}): ProcessedExecution => ({
  executionId: '1795244843641123576-n0',
  jobName: 'job1',
  success: true,
  output: bytes('hi\n'),
  nodeName: 'n0',
  ...changes,
});

const run = (processor: Processor, config: Record<string, string>, changes: Partial<ProcessedExecution> = {}) =>
  new Promise<string>((resolve) => {
    processor.process(execution(changes), { ...config, reporting_node: 'n0' }, (output) => resolve(text(output)));
  });

let harness: ActorHarness<never>;
let folder: string;

beforeEach(() => {
  harness = new ActorHarness<never>();
  folder = mkdtempSync(join(tmpdir(), 'carillon-processors-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const levels = (): string[] => harness.lines.map(({ level }) => level);

it('are known by the names of Dkron', () => {
  const write = (): void => undefined;
  const names = [...createProcessors({ log: harness.context.log, stdout: write, stderr: write }).keys()];
  expect(names).toEqual(['files', 'log', 'syslog']);
});

describe('log', () => {
  let printed: { stdout: string; stderr: string };
  const processor = (): Processor => {
    printed = { stdout: '', stderr: '' };
    return createLogProcessor({
      log: harness.context.log,
      stdout: (block) => {
        printed.stdout += text(block);
      },
      stderr: (block) => {
        printed.stderr += text(block);
      },
    });
  };
  const block = '----- BEGIN OUTPUT job=job1 execution=1795244843641123576-n0 -----\nhi\n\n----- END OUTPUT -----\n';

  it('prints what succeeded on stdout', async () => {
    expect(await run(processor(), { forward: 'true' })).toBe('hi\n');
    expect(printed).toEqual({ stdout: block, stderr: '' });
    expect(levels()).toEqual([]);
  });

  it('prints what failed on stderr', async () => {
    expect(await run(processor(), { forward: 'false' }, { success: false })).toBe('Output in dkron log');
    expect(printed).toEqual({ stdout: '', stderr: block });
    expect(levels()).toEqual([]);
  });

  it.each([{}, { forward: 'yes' }, { forward: '' }])('does not forward with %j, and warns', async (config) => {
    expect(await run(processor(), config)).toBe('Output in dkron log');
    expect(levels()).toEqual(['warn']);
  });
});

describe('files', () => {
  const processor = (): Processor => createFilesProcessor(harness.context.log);

  it('writes the output to a file of the id, in a folder that it makes', async () => {
    const logs = join(folder, 'a', 'b');
    const path = `${logs}/1795244843641123576-n0.log`;
    expect(await run(processor(), { log_dir: logs, forward: 'false' })).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('hi\n');
    expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
  });

  it('forwards the output', async () => {
    expect(await run(processor(), { log_dir: folder, forward: 'true' })).toBe('hi\n');
    expect(readFileSync(join(folder, '1795244843641123576-n0.log'), 'utf8')).toBe('hi\n');
  });

  it('keeps the output when it can not be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await run(processor(), { log_dir: join(file, 'sub') })).toBe('hi\n');
    expect(levels()).toEqual(['error']);
  });

  it('stays in its folder whatever the id', async () => {
    const path = `${folder}/1-.._.._x.log`;
    expect(await run(processor(), { log_dir: folder, forward: '0' }, { executionId: '1-../../x' })).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('hi\n');
  });
});

describe('syslog', () => {
  /** A stand-in for the system's `logger`, which needs a system log. */
  const program = (script: string): string => {
    const path = join(folder, 'logger');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const processor = (path: string): Processor => createSyslogProcessor({ log: harness.context.log, program: path });

  it('hands the output to the logger, with the priority and tag of Dkron', async () => {
    const path = program(`{ echo "$@"; cat; } > ${folder}/got`);
    expect(await run(processor(path), { forward: 'false' })).toBe('Output in syslog');
    expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('-p cron.info -t [dkron]\nhi\n');
  });

  it('forwards the output', async () => {
    expect(await run(processor(program('cat > /dev/null')), { forward: 'true' })).toBe('hi\n');
    expect(levels()).toEqual([]);
  });

  it.each([
    ['there is no logger', ''],
    ['the logger fails', 'exit 1'],
    ['the logger dies', 'kill -9 $$'],
  ])('leaves the output as it was when %s', async (_why, script) => {
    const path = script === '' ? join(folder, 'absent') : program(script);
    expect(await run(processor(path), { forward: 'false' }, { output: bytes('x'.repeat(1_000_000)) })).toHaveLength(
      1_000_000,
    );
    expect(levels()).toEqual(['error']);
  });
});
