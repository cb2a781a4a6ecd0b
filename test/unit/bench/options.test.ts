import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../../../bench/frame/options.ts';

const suites = ['bells', 'clappers'];

describe('options of the bench', () => {
  it('default to everything, for people', () => {
    expect(readOptions([], suites)).toMatchObject({ json: false, smoke: false, help: false, only: [], seed: 1 });
  });

  it('are read', () => {
    const args = [
      '--json',
      '--smoke',
      '--only',
      'bells',
      '--only=clappers',
      '--seed',
      '7',
      '--directory',
      tmpdir(),
      '--sustain',
      '90',
    ];
    expect(readOptions(args, suites)).toMatchObject({
      sustainedSeconds: 90,
      json: true,
      smoke: true,
      only: suites,
      seed: 7,
    });
  });

  it.each([
    [['--only', 'gongs'], /there is no suite 'gongs'; there are bells, clappers/],
    [['--seed', 'x'], /--seed takes a whole number/],
    [['--seed', '1e99'], /--seed takes a whole number/],
    [['--sustain', '0'], /--sustain takes whole seconds, not '0'/],
    [['--directory', '/nowhere/at/all'], /no directory/],
    [['--html', '/nowhere/at/all.html'], /--html: .*nowhere.at is no directory/],
    [['--fast'], /--fast/],
    [['bells'], /bells/],
  ])('refuse %j', (args, sentence) => {
    expect(() => readOptions(args, suites)).toThrow(UsageError);
    expect(() => readOptions(args, suites)).toThrow(sentence);
  });
});
