import { CliError, exitCodes } from '../types.ts';
import type { ApiAnswer } from './api-client.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The answer as one object. Throws a `CliError` when it is something else: the URL leads to another server. */
export function objectIn(answer: ApiAnswer): JsonObject {
  const value = valueIn(answer);
  return isJsonObject(value) ? value : misunderstood(answer);
}

/** The answer as a list of objects; Go writes an empty one as null. */
export function objectsIn(answer: ApiAnswer): readonly JsonObject[] {
  const value = valueIn(answer) ?? [];
  return Array.isArray(value) && value.every(isJsonObject) ? value : misunderstood(answer);
}

/** 19 digits are too many for a JavaScript number. A quote before it can't come from inside of a text: there it is escaped. */
const groupNumber = /"group":\s*(\d{16,})/g;

function valueIn(answer: ApiAnswer): unknown {
  try {
    return JSON.parse(answer.text.replace(groupNumber, '"group":"$1"'));
  } catch {
    return misunderstood(answer);
  }
}

function misunderstood(answer: ApiAnswer): never {
  const start = JSON.stringify(answer.text.slice(0, 60));
  throw new CliError(
    `the answer is not that of a Carillon or Dkron server (${start}): check --api`,
    exitCodes.unreachable,
  );
}

export const textOf = (object: JsonObject, key: string): string => {
  const value = object[key];
  return typeof value === 'string' ? value : '';
};

export const numberOf = (object: JsonObject, key: string): number => {
  const value = object[key];
  return typeof value === 'number' ? value : 0;
};

export const listOf = (object: JsonObject, key: string): readonly string[] => {
  const value = object[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
};
