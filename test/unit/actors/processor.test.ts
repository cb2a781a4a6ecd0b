import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processorActor } from '../../../actors/work/processor/actor.ts';
import type { ProcessorCommand, ProcessorEvent } from '../../../actors/work/processor/protocol.ts';
import { limits } from '../../../src/core/limits.ts';
import { type ExecutionId, executionId, jobName, nodeName, stamp } from '../../../src/core/units.ts';
import { createProcessors } from '../../../src/processors/index.ts';
import type { ProcessedExecution, Processor } from '../../../src/processors/types.ts';
import { localRef } from '../../../src/runtime/types.ts';
import { ActorHarness } from '../../support/fake-context.ts';

const bytes = (content: string): Uint8Array => Buffer.from(content);
const text = (content: Uint8Array): string => Buffer.from(content).toString();
const idOf = (number: number): ExecutionId =>
  executionId(stamp(1_795_244_843_641_123_576n + BigInt(number)), nodeName('n0'));

const command = (number: number, processors: ProcessorCommand['processors'], output = 'hi\n'): ProcessorCommand => ({
  type: 'process',
  id: idOf(number),
  job: jobName('job1'),
  node: nodeName('n0'),
  success: true,
  output: bytes(output),
  processors,
  answerTo: localRef<ProcessorEvent>('dispatcher'),
});

/** Puts its letter behind the output, at once, and keeps what it was called with. */
class Appending implements Processor {
  readonly calls: { readonly execution: ProcessedExecution; readonly config: Readonly<Record<string, string>> }[] = [];
  readonly #letter: string;

  constructor(letter: string) {
    this.#letter = letter;
  }

  process(
    execution: ProcessedExecution,
    config: Readonly<Record<string, string>>,
    done: (output: Uint8Array) => void,
  ): void {
    this.calls.push({ execution, config });
    done(bytes(text(execution.output) + this.#letter));
  }
}

const silent: Processor = { process: () => undefined };
const throwing: Processor = {
  process: () => {
    throw new Error('broken');
  },
};

function startActor(processors: Record<string, Processor>): ActorHarness<ProcessorCommand> {
  const harness = new ActorHarness<ProcessorCommand>('processor');
  harness.start(
    processorActor,
    { nodeName: nodeName('leader') },
    { processors: () => new Map(Object.entries(processors)) },
  );
  expect(harness.isReady).toBe(true);
  return harness;
}

const answers = (harness: ActorHarness<ProcessorCommand>): [ExecutionId, string][] =>
  harness.messages<ProcessorEvent>('dispatcher').map(({ id, output }) => [id, text(output)]);

describe('an output goes through its processors', () => {
  it('in the order of their names, each given what the one before made of it', () => {
    const harness = startActor({ a: new Appending('A'), b: new Appending('B'), Z: new Appending('Z') });
    harness.deliver(command(1, { b: {}, a: {}, Z: {} }));
    expect(answers(harness)).toEqual([[idOf(1), 'hi\nZAB']]);
  });

  it('with the config of the job and the name of this node', () => {
    const log = new Appending('');
    startActor({ log }).deliver(command(1, { log: { forward: 'true', reporting_node: 'forged' } }));
    expect(log.calls).toEqual([
      {
        execution: { executionId: idOf(1), jobName: 'job1', success: true, output: bytes('hi\n'), nodeName: 'n0' },
        config: { forward: 'true', reporting_node: 'leader' },
      },
    ]);
  });

  it('and comes back as it was when there are none', () => {
    const harness = startActor({});
    harness.deliver(command(1, {}));
    expect(answers(harness)).toEqual([[idOf(1), 'hi\n']]);
  });
});

describe('a processor changes nothing', () => {
  it('that is not known', () => {
    const harness = startActor({ b: new Appending('B') });
    harness.deliver(command(1, { a: {}, b: {}, c: {} }));
    expect(answers(harness)).toEqual([[idOf(1), 'hi\nB']]);
    expect(harness.lines.map(({ fields }) => fields.processor)).toEqual(['a', 'c']);
  });

  it('that throws', () => {
    const harness = startActor({ a: throwing, b: new Appending('B') });
    harness.deliver(command(1, { a: {}, b: {} }));
    expect(answers(harness)).toEqual([[idOf(1), 'hi\nB']]);
  });

  it('that does not answer in time, or answers afterwards or twice', () => {
    let answer: (output: Uint8Array) => void = () => undefined;
    const late: Processor = {
      process: (_execution, _config, done) => {
        answer = done;
      },
    };
    const harness = startActor({ a: late, b: new Appending('B'), c: silent });
    harness.deliver(command(1, { a: {}, b: {}, c: {} }));
    expect(answers(harness)).toEqual([]);
    harness.advance(limits.processorMs);
    answer(bytes('too late'));
    expect(answers(harness)).toEqual([]);
    harness.advance(limits.processorMs);
    answer(bytes('too late'));
    expect(answers(harness)).toEqual([[idOf(1), 'hi\nB']]);
  });
});

describe('many outputs', () => {
  it('are processed some at a time, and each is answered once', () => {
    const pending: (() => void)[] = [];
    const slow: Processor = {
      process: (execution, _config, done) => {
        pending.push(() => done(execution.output));
      },
    };
    const harness = startActor({ slow });
    const count = limits.outputsInProcessing * 2 + 3;
    for (let number = 0; number < count; number += 1) harness.deliver(command(number, { slow: {} }));
    expect(pending).toHaveLength(limits.outputsInProcessing);
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) next();
    expect(answers(harness).map(([id]) => id)).toEqual(Array.from({ length: count }, (_, number) => idOf(number)));
  });

  it('beyond what may wait are stored unprocessed', () => {
    const harness = startActor({ silent, a: new Appending('A') });
    const room = limits.outputsInProcessing + limits.outputsWaiting;
    for (let number = 0; number < room; number += 1) harness.deliver(command(number, { silent: {} }));
    harness.deliver(command(room, { a: {} }));
    expect(answers(harness)).toEqual([[idOf(room), 'hi\n']]);
    expect(harness.counters.get('outputs_unprocessed')).toBe(1);
  });

  it('under way are finished before a stop', async () => {
    const pending: (() => void)[] = [];
    const slow: Processor = {
      process: (execution, _config, done) => {
        pending.push(() => done(execution.output));
      },
    };
    const harness = startActor({ slow });
    harness.deliver(command(1, { slow: {} }));
    const stopped = harness.stop();
    expect(answers(harness)).toEqual([]);
    pending[0]?.();
    await stopped;
    expect(answers(harness)).toHaveLength(1);
  });
});

describe('recorded executions of Dkron', () => {
  interface Line {
    readonly case: number;
    readonly step: number;
    readonly body?: string;
    readonly response?: string;
  }
  const lines = readFileSync(new URL('../../fixtures/dkron-golden/processor.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const cases = [...new Set(lines.map((line) => line.case))].map((number) => {
    const steps = lines.filter((line) => line.case === number);
    const job = JSON.parse(steps.find(({ step }) => step === 0)?.body ?? '') as {
      readonly name: string;
      readonly processors: ProcessorCommand['processors'];
    };
    const [recorded] = JSON.parse(steps.find(({ step }) => step === 3)?.response ?? '') as {
      readonly id: string;
      readonly output: string;
    }[];
    return { name: job.name, processors: job.processors, recorded };
  });
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'carillon-processor-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(cases)('$name', async ({ processors, recorded }) => {
    const printed: string[] = [];
    const write = (block: Uint8Array): void => {
      printed.push(text(block));
    };
    const harness = new ActorHarness<ProcessorCommand>('processor');
    harness.start(
      processorActor,
      { nodeName: nodeName('n0') },
      { processors: (log) => createProcessors({ log, stdout: write, stderr: write }) },
    );
    const recordedFolder = '/tmp/golden-files';
    const here = JSON.parse(JSON.stringify(processors).replaceAll(recordedFolder, folder)) as typeof processors;
    harness.deliver(command(1, here));
    await harness.until(() => answers(harness).length === 1);
    const expected = (recorded?.output ?? '').replace(recordedFolder, folder).replace(recorded?.id ?? '', idOf(1));
    expect(answers(harness)).toEqual([[idOf(1), expected]]);
    expect(printed).toHaveLength('log' in processors ? 1 : 0);
    expect(existsSync(join(folder, `${idOf(1)}.log`))).toBe('files' in processors);
  });
});
