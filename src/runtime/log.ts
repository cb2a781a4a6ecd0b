import type { WallMs } from '../core/units.ts';
import type { LogFields, Logger, LogLevel } from './types.ts';

/** One line as it travels from an actor's thread to the sink. */
export interface LogLine {
  readonly level: LogLevel;
  readonly at: WallMs;
  readonly actor: string;
  readonly message: string;
  readonly fields: LogFields | null;
}

/** pino's numbers. */
export const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

export interface LoggerOptions {
  readonly actor: string;
  /** Lines below are dropped where they are made. */
  readonly level: LogLevel;
  readonly now: () => WallMs;
  readonly emit: (line: LogLine) => void;
}

export function makeLogger(options: LoggerOptions): Logger {
  const { actor, now, emit } = options;
  const least = LEVEL_NUMBERS[options.level];
  const at = (level: LogLevel) => {
    if (LEVEL_NUMBERS[level] < least) return () => {};
    return (message: string, fields?: LogFields) => emit({ level, at: now(), actor, message, fields: fields ?? null });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
}

/** The stack if there is one: what a log line and an inspection event say about anything thrown. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.stack ?? `${error.name}: ${error.message}`;
  return String(error);
}
