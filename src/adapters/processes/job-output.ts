import { type NamedPipes, openForReading } from './named-pipes.ts';
import { AbandonedPipes, PipeReader } from './pipe-reader.ts';

/** Receives the output of one launch. */
export interface OutputEvents {
  output(chunk: Uint8Array): void;
  outputEnded(): void;
}

/** Lends pipes to jobs and takes them back when nobody has them open any more. */
export class OutputPipes {
  readonly #pipes: NamedPipes;
  readonly #abandoned = new AbandonedPipes();

  constructor(pipes: NamedPipes) {
    this.#pipes = pipes;
  }

  /** Null: no pipe is to be had. */
  open(events: OutputEvents): JobOutput | null {
    const path = this.#pipes.borrow();
    return path === null ? null : new JobOutput(path, this.#pipes, this.#abandoned, events);
  }

  close(): void {
    this.#abandoned.close();
  }
}

/** The output of one launch, from a pipe that has a path. */
export class JobOutput {
  readonly path: string;
  readonly #reader: PipeReader;
  readonly #abandoned: AbandonedPipes;
  #wanted = true;

  constructor(path: string, pipes: NamedPipes, abandoned: AbandonedPipes, events: OutputEvents) {
    this.path = path;
    this.#abandoned = abandoned;
    this.#reader = new PipeReader(openForReading(path), {
      chunk: (bytes) => {
        if (this.#wanted) events.output(bytes);
      },
      end: (clean) => {
        abandoned.delete(this.#reader);
        if (clean) pipes.giveBack(path);
        else pipes.forget(path);
        if (this.#wanted) events.outputEnded();
      },
    });
  }

  /** Reads whatever comes, from now on: the job has the pipe open. */
  follow(): void {
    this.#reader.follow();
  }

  /** The main process ended: reads what it left. */
  drain(): void {
    this.#reader.drain();
  }

  /** Somebody keeps it open for longer than anybody wants to wait. */
  abandon(): void {
    this.#wanted = false;
    this.#abandoned.add(this.#reader);
  }

  /** It was never used. */
  discard(): void {
    this.#wanted = false;
    this.#reader.destroy();
  }
}
