import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAppendFiles } from '../../../src/adapters/append-files.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'carillon-append-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('files that are appended to', () => {
  it('hold what was appended, also for those who open them later', () => {
    const files = openAppendFiles(join(directory, 'work'));
    files.append(9, Uint8Array.of(1, 2));
    files.append(10, Uint8Array.of(3));
    files.append(9, Uint8Array.of(4));
    const later = openAppendFiles(join(directory, 'work'));
    expect(later.numbers()).toEqual([9, 10]);
    expect([...later.read(9)]).toEqual([1, 2, 4]);
    later.append(9, Uint8Array.of(5));
    files.close();
    later.remove(10);
    later.remove(10);
    expect([later.numbers(), [...later.read(9)]]).toEqual([[9], [1, 2, 4, 5]]);
    later.close();
    expect(() => later.append(9, Uint8Array.of(6))).toThrow('the files are open');
  });

  it('are told from what else is in the directory', () => {
    for (const name of ['data.mdb', 'ahead-x', 'ahead-1.old', 'ahead-2']) writeFileSync(join(directory, name), '');
    expect(openAppendFiles(directory).numbers()).toEqual([2]);
  });

  it('say what is wrong with a directory that can not be used', () => {
    writeFileSync(join(directory, 'work'), '');
    expect(() => openAppendFiles(join(directory, 'work'))).toThrow('EEXIST');
  });
});
