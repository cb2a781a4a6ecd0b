import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../src/executors/shell/base64.ts';
import { parseMemoryLimit } from '../../../src/executors/shell/memory-limit.ts';
import { splitCommand } from '../../../src/executors/shell/shellwords.ts';
import { parseSuccessCodes } from '../../../src/executors/shell/success-codes.ts';
import { endText } from '../../../src/executors/shell/texts.ts';

const vectors = <Vector>(name: string): readonly Vector[] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/go/${name}.json`, import.meta.url), 'utf8'));

describe('splitCommand', () => {
  it('splits as go-shellwords 1.0.12 did, case by case', () => {
    for (const { line, words = [], error } of vectors<{ line: string; words?: string[]; error?: string }>(
      'shellwords-1.0.12',
    )) {
      const expected = error === undefined ? { ok: true, words } : { ok: false, error };
      expect({ line, ...splitCommand(line) }).toEqual({ line, ...expected });
    }
  });
});

describe('decodeBase64', () => {
  it('refuses what Go refused, at the same byte', () => {
    for (const { text, error } of vectors<{ text: string; error: string }>('base64')) {
      const decoded = decodeBase64(text);
      expect([text, decoded.ok ? '' : decoded.error]).toEqual([text, error]);
    }
  });

  it('decodes', () => {
    expect(decodeBase64('SGVsbG8gZnJv\r\nbSBzdGRpbg==')).toEqual({ ok: true, bytes: Buffer.from('Hello from stdin') });
  });
});

describe('parseMemoryLimit', () => {
  it.each([
    ['', null],
    ['1024', 1_024n],
    ['+7', 7n],
    ['1b', 1n],
    [' 5k ', 5_120n],
    ['1KB', 1_024n],
    ['1MB', 1_048_576n],
    ['512mb', 536_870_912n],
    ['512M', 536_870_912n],
    ['2GB', 2_147_483_648n],
    ['1.5GB', 1_610_612_736n],
    ['.5k', 512n],
    ['1T', 1_099_511_627_776n],
    ['12bytes', 12n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
  ])('%j is %s bytes', (text, bytes) => {
    expect(parseMemoryLimit(text)).toEqual({ ok: true, bytes });
  });

  it.each([
    ['0', 'memory limit must be greater than 0'],
    ['-5', 'memory limit must be greater than 0'],
    ['0.0MB', 'memory limit must be greater than 0'],
    ['invalid', 'invalid memory limit format: INVALID'],
    ['-100MB', 'invalid memory limit format: -100MB'],
    ['   ', 'invalid memory limit format: '],
    ['1.2.3MB', 'invalid numeric value in memory limit: 1.2.3'],
    ['.', 'invalid numeric value in memory limit: .'],
    ['100PB', 'unsupported memory unit: PB (supported: B, KB, MB, GB, TB)'],
    ['1 MB', 'unsupported memory unit:  MB (supported: B, KB, MB, GB, TB)'],
    ['9223372036854775808', 'memory limit too large or causes overflow'],
    ['9000000000TB', 'memory limit too large or causes overflow'],
    ['0.5b', 'memory limit too large or causes overflow'],
  ])('%j is refused: %s', (text, error) => {
    expect(parseMemoryLimit(text)).toEqual({ ok: false, error });
  });
});

describe('parseSuccessCodes', () => {
  it.each([
    ['', [0]],
    ['0', [0]],
    ['0,3', [0, 3]],
    [' 3 , 255,3', [3, 255]],
    ['007', [7]],
  ])('%j are %j', (text, codes) => {
    expect(parseSuccessCodes(text)).toEqual({ ok: true, codes: new Set(codes) });
  });

  it.each([' ', ',', '0,', '256', '1000', '-1', '+1', '1.0', '1e2', '0x1', 'all', '0;3', '\u0663'])(
    '%j are none',
    (text) => {
      expect(parseSuccessCodes(text)).toEqual({ ok: false, error: 'must be exit codes from 0 to 255, as in "0,3"' });
    },
  );
});

describe('endText', () => {
  it.each([
    [{ type: 'exited', code: 0 }, ''],
    [{ type: 'exited', code: 255 }, 'exit status 255'],
    [{ type: 'signalled', signal: 9, coreDumped: false }, 'signal: killed'],
    [{ type: 'signalled', signal: 11, coreDumped: true }, 'signal: segmentation fault (core dumped)'],
    [{ type: 'signalled', signal: 31, coreDumped: false }, 'signal: bad system call'],
    [{ type: 'signalled', signal: 32, coreDumped: false }, 'signal: signal 32'],
  ] as const)('of %j is Go’s: %s', (end, text) => {
    expect(endText(end, new Set([0]))).toBe(text);
  });
});
