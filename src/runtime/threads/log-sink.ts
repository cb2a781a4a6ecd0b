import { openSync } from 'node:fs';
import { type Logger as Pino, pino } from 'pino';
import type { LogLine } from '../log.ts';
import type { LogLevel } from '../types.ts';
import { writeFatal } from './log-format.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** A file descriptor (1: standard output, 2: standard error) or the path of a file to append to. */
  readonly destination: number | string;
}

/** The one place where lines of all threads are written: JSON lines by pino, in the order in which they arrive. */
export class LogSink {
  /** Also for threads that must write at once. */
  readonly descriptor: number;
  readonly #node: string;
  readonly #destination: ReturnType<typeof pino.destination>;
  readonly #pino: Pino;
  readonly #atExit = () => this.flush();

  constructor(node: string, options: LogOptions) {
    const { destination } = options;
    this.#node = node;
    this.descriptor = typeof destination === 'string' ? openSync(destination, 'a') : destination;
    this.#destination = pino.destination({ fd: this.descriptor, sync: false });
    this.#pino = pino({ level: options.level, base: { node }, timestamp: false }, this.#destination);
    process.once('exit', this.#atExit);
  }

  write(line: LogLine): void {
    const { level, at, actor, fields, message } = line;
    if (level === 'fatal') {
      this.flush();
      writeFatal(this.descriptor, this.#node, line);
      return;
    }
    this.#pino[level]({ time: at, actor, ...fields }, message);
  }

  /** Returns when everything is written. */
  flush(): void {
    try {
      this.#destination.flushSync();
    } catch {
      // The destination isn't open yet, or nobody reads it any more: nothing can be said about it anywhere.
    }
  }

  /** Writes what waits; the last call. */
  close(): void {
    process.off('exit', this.#atExit);
    this.flush();
  }
}
