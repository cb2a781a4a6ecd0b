import { describe, expect, it } from 'vitest';
import { connectionLimit, openFileLimit } from '../../../src/adapters/open-files.ts';
import { limits } from '../../../src/core/limits.ts';

describe('the files that a process may have open', () => {
  it.each([
    ['Max open files            1024                 4096                 files', 1_024],
    ['Max cpu time              unlimited            unlimited            seconds', null],
    ['Max open files            unlimited            unlimited            files', null],
  ])('%s', (line, files) => {
    expect(openFileLimit(() => `Limit  Soft Limit  Hard Limit  Units\n${line}\n`)).toBe(files);
  });

  it('are unknown where the system does not tell', () => {
    const unreadable = (): string => {
      throw new Error('ENOENT');
    };
    expect(openFileLimit(unreadable)).toBe(null);
  });

  it('are not all for clients of the API', () => {
    expect([null, 1_000_000, 20_480, 20_000, 4_096, 1_024, 300, 10].map(connectionLimit)).toEqual([
      limits.connections,
      limits.connections,
      limits.connections,
      15_904,
      3_072,
      768,
      44,
      1,
    ]);
  });
});
