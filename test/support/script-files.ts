import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** `REWRITE=1`: the files are written anew. Read the difference before you commit it: it is the test. */
const rewrites = process.env.REWRITE === '1';

/** Plays one command; what it says comes below it. A file has one script, from its first line to its last. */
export interface Script {
  play(command: string): readonly string[];
}

/** Comments and empty lines stay; each command (`> ...`) is followed by what it says now. */
function replay(text: string, script: Script): string {
  const lines = text.split('\n').filter((line) => line.startsWith('> ') || line.startsWith('#') || line === '');
  return lines
    .flatMap((line) =>
      line.startsWith('> ') ? [line, ...script.play(line.slice(2)).map((said) => `  ${said}`)] : [line],
    )
    .join('\n');
}

/** A test for each text file of a folder: commands, and what came of them when somebody last looked. */
export function describeScripts(title: string, folder: URL, makeScript: () => Script): void {
  describe(title, () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
      it(name, () => {
        const file = new URL(name, folder);
        const expected = readFileSync(file, 'utf8');
        const actual = replay(expected, makeScript());
        if (rewrites) writeFileSync(file, actual);
        else expect(actual).toBe(expected);
      });
    }
  });
}
