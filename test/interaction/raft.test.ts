import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RaftScript } from '../support/raft-script.ts';

const folder = new URL('./raft/', import.meta.url);
/** `REWRITE=1`: the files are written anew. Read the difference before you commit it: it is the test. */
const rewrites = process.env.REWRITE === '1';

/** Comments and empty lines stay; each command (`> ...`) is followed by what it says now. */
function replay(text: string): string {
  const script = new RaftScript();
  const lines = text.split('\n').filter((line) => line.startsWith('> ') || line.startsWith('#') || line === '');
  return lines
    .flatMap((line) =>
      line.startsWith('> ') ? [line, ...script.play(line.slice(2)).map((said) => `  ${said}`)] : [line],
    )
    .join('\n');
}

describe('interaction with Raft, as text', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
    it(name, () => {
      const file = new URL(name, folder);
      const expected = readFileSync(file, 'utf8');
      const actual = replay(expected);
      if (rewrites) writeFileSync(file, actual);
      else expect(actual).toBe(expected);
    });
  }
});
