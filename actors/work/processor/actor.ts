import { assert } from '../../../src/core/assert.ts';
import { compareBytewise } from '../../../src/core/compare-bytewise.ts';
import { limits } from '../../../src/core/limits.ts';
import { monoMs, type NodeName } from '../../../src/core/units.ts';
import type { Processor } from '../../../src/processors/types.ts';
import type { Actor, ActorDefinition, Context, Logger } from '../../../src/runtime/types.ts';
import type { ProcessorCommand } from './protocol.ts';

export interface ProcessorConfig {
  /** Given to processors as `reporting_node`. */
  readonly nodeName: NodeName;
}

export interface ProcessorPorts {
  /** Makes them, by the name that jobs call them by; they log as this actor. */
  readonly processors: (log: Logger) => ReadonlyMap<string, Processor>;
}

/** One output on its way through the processors of its job. */
interface Pipeline {
  readonly command: ProcessorCommand;
  /** Those still to come. */
  readonly names: string[];
  output: Uint8Array;
  /** Counts the processors called: an answer of an earlier one is too late. */
  step: number;
}

/**
 * Sends each output through the processors of its job, one after the other in the order of their names, each given what
 * the one before made of it. Whatever a processor does, there is one answer: one that throws, answers too late or isn't
 * known changes nothing.
 */
class ProcessorActor implements Actor<ProcessorCommand> {
  readonly #context: Context<ProcessorCommand>;
  readonly #config: ProcessorConfig;
  readonly #processors: ReadonlyMap<string, Processor>;
  readonly #active = new Map<string, Pipeline>();
  readonly #waiting: ProcessorCommand[] = [];
  #lastKey = 0;
  #whenIdle: (() => void) | null = null;

  constructor(context: Context<ProcessorCommand>, config: ProcessorConfig, ports: ProcessorPorts) {
    this.#context = context;
    this.#config = config;
    this.#processors = ports.processors(context.log);
    context.ready();
  }

  receive(command: ProcessorCommand): void {
    if (this.#active.size < limits.outputsInProcessing) this.#begin(command);
    else if (this.#waiting.length < limits.outputsWaiting) this.#waiting.push(command);
    else {
      this.#context.count('outputs_unprocessed');
      this.#context.log.error('Too many outputs wait for processors: one is stored unprocessed', { job: command.job });
      this.#answer(command, command.output);
    }
  }

  /** The processor that a pipeline waits for has taken too long. */
  timer(key: string): void {
    const pipeline = this.#active.get(key);
    if (pipeline === undefined) return;
    this.#context.log.error('A processor did not answer: the output stays as it was', { job: pipeline.command.job });
    this.#advance(key, pipeline);
  }

  endOfBatch(): void {
    while (this.#active.size < limits.outputsInProcessing) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#begin(next);
    }
  }

  stop(done: () => void): void {
    this.#whenIdle = done;
    this.#finishStop();
  }

  check(): void {
    assert(this.#active.size <= limits.outputsInProcessing, 'few outputs are in processing at once');
    assert(this.#waiting.length <= limits.outputsWaiting, 'few outputs wait');
  }

  #begin(command: ProcessorCommand): void {
    this.#lastKey += 1;
    const key = String(this.#lastKey);
    const names = Object.keys(command.processors).sort(compareBytewise);
    const pipeline: Pipeline = { command, names, output: command.output, step: 0 };
    this.#active.set(key, pipeline);
    this.#advance(key, pipeline);
  }

  #advance(key: string, pipeline: Pipeline): void {
    for (let name = pipeline.names.shift(); name !== undefined; name = pipeline.names.shift()) {
      if (this.#call(name, key, pipeline)) return;
    }
    this.#context.disarm(key);
    this.#active.delete(key);
    this.#answer(pipeline.command, pipeline.output);
    this.#finishStop();
  }

  /** True when an answer is to be waited for. */
  #call(name: string, key: string, pipeline: Pipeline): boolean {
    const { id, job, node, success, processors } = pipeline.command;
    const processor = this.#processors.get(name);
    if (processor === undefined) {
      this.#context.log.error('Processor not found', { processor: name, job });
      return false;
    }
    pipeline.step += 1;
    const { step } = pipeline;
    const execution = { executionId: id, jobName: job, success, output: pipeline.output, nodeName: node };
    const config = { ...processors[name], reporting_node: this.#config.nodeName };
    this.#context.arm(key, monoMs(this.#context.monoNow() + limits.processorMs));
    try {
      processor.process(execution, config, (output) => {
        this.#context.enter(() => {
          if (!this.#active.has(key) || pipeline.step !== step) return;
          pipeline.output = output;
          this.#advance(key, pipeline);
        });
      });
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.log.error('A processor failed: the output stays as it was', { processor: name, job, reason });
      return false;
    }
  }

  #answer(command: ProcessorCommand, output: Uint8Array): void {
    this.#context.send(command.answerTo, { type: 'processed', id: command.id, output });
  }

  #finishStop(): void {
    if (this.#whenIdle === null || this.#active.size > 0 || this.#waiting.length > 0) return;
    this.#whenIdle();
    this.#whenIdle = null;
  }
}

export const processorActor: ActorDefinition<ProcessorCommand, ProcessorConfig, ProcessorPorts> = {
  mailbox: { capacity: limits.outputsWaiting, overflow: { policy: 'credit' } },
  start: (context, config, ports) => new ProcessorActor(context, config, ports),
};
