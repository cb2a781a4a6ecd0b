import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryError, takeDataDirectory } from '../../../src/adapters/data-directory.ts';

describe('the data directory', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'carillon-data-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is made, taken, and given back', () => {
    const nested = join(directory, 'a', 'b');
    const release = takeDataDirectory(nested);
    expect(() => takeDataDirectory(nested)).toThrow(DataDirectoryError);
    expect(() => takeDataDirectory(nested)).toThrow(`in use by process ${process.pid}`);
    release();
    takeDataDirectory(nested)();
  });

  it('is taken over from a process that is gone', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    writeFileSync(join(directory, 'carillon.lock'), JSON.stringify({ pid: child.pid, startTicks: '1' }));
    takeDataDirectory(directory);
    expect(JSON.parse(readFileSync(join(directory, 'carillon.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it('is taken over when a living process has only the same pid', () => {
    writeFileSync(join(directory, 'carillon.lock'), JSON.stringify({ pid: process.pid, startTicks: '1' }));
    takeDataDirectory(directory)();
  });

  it('is taken over from a torn lock file', () => {
    writeFileSync(join(directory, 'carillon.lock'), '{"pi');
    takeDataDirectory(directory)();
  });

  it('says what to do when it can not be made', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => takeDataDirectory(join(directory, 'file', 'data'))).toThrow('see --data-dir');
  });
});
