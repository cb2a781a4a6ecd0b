import { expect } from 'vitest';
import type { Store } from '../../../src/runtime/ports.ts';
import { RecordSum } from '../../../src/wire/state-hash.ts';
import { isHashedKey, tableKey } from '../../../src/wire/state-keys.ts';
import { decodeStateCheck } from '../../../src/wire/state-records.ts';
import type { Tally } from './tally.ts';

/** The hash that is kept up with each batch is that of all records (P6). */
export function checkHash(store: Store, tally: Tally): void {
  const kept = store.get(tableKey('meta', 'check'));
  if (kept === undefined) return;
  const sum = new RecordSum();
  store.range({ from: null, to: null }, (key, value) => {
    if (isHashedKey(key)) sum.add(key, value);
    return true;
  });
  expect(decodeStateCheck(kept).hash, 'hash of the state').toEqual(sum.hash);
  tally.count('P6: hash of the state compared with all its records');
}
