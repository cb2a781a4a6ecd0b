import { Decoder, Encoder } from '@msgpack/msgpack';
import { pooledBytes } from './byte-pool.ts';

/**
 * One encoder and decoder per thread (their key caches pay off, measured-facts 5). 64-bit integers are bigints on
 * both sides; a JavaScript number beyond 32 bits travels as a float and comes back as the same number.
 */
const encoder = new Encoder({ useBigInt64: true });
const decoder = new Decoder({ useBigInt64: true });

/** What a body may hold: positional arrays of plain values. */
export type Plain = null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | PlainMap;
export interface PlainMap {
  readonly [key: string]: Plain;
}

/** Bytes of a value, in a buffer of their own. */
export function encodePlain(value: Plain): Uint8Array {
  return encoder.encode(value);
}

/** Bytes of a value, for a store: in a piece of a buffer with others (byte-pool.ts). */
export function encodeStored(value: Plain): Uint8Array {
  return pooledBytes(encoder.encodeSharedRef(value));
}

/** Raised for bytes that are not what this codec writes. In the log or the state that stops the node (design P6). */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Reads what `encodePlain` wrote. Byte strings alias the input: copy what is kept. */
export function decodePlain(bytes: Uint8Array): unknown {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new DecodeError(`not MessagePack: ${error instanceof Error ? error.message : String(error)}`);
  }
}
