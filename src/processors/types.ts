/** A finished attempt, as a processor sees it. */
export interface ProcessedExecution {
  readonly executionId: string;
  readonly jobName: string;
  readonly success: boolean;
  readonly output: Uint8Array;
  readonly nodeName: string;
}

/** One kind of output processor (`log`, `files`, `syslog`). Calls back once with the output to store; never throws. */
export interface Processor {
  process(
    execution: ProcessedExecution,
    config: Readonly<Record<string, string>>,
    done: (output: Uint8Array) => void,
  ): void;
}
