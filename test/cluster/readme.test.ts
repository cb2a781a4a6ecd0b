import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withNode } from '../support/node-process.ts';
import { DkronClient } from './support/dkron-client.ts';

const run = promisify(execFile);
const readme = path.resolve(import.meta.dirname, '../../README.md');

/** The lines of the fenced `sh` blocks under the heading, continued lines joined, prompts and comments left out. */
function shellCommands(text: string, heading: RegExp): string[] {
  const sections = text.split(/^(?=#{1,3} )/m);
  const section = sections.find((candidate) => heading.test(candidate.split('\n')[0] ?? ''));
  if (section === undefined) throw new Error(`README.md has no section ${heading}`);
  const blocks = [...section.matchAll(/^```(?:sh|bash|console)\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  const commands: string[] = [];
  let open = '';
  for (const line of blocks.join('').split('\n')) {
    open += open === '' ? line.replace(/^\$ /, '') : `\n${line}`;
    // A quote that is open goes on in the next line, and so does a backslash at the end.
    const quotes = open.split("'").length - 1;
    if (quotes % 2 === 1 || open.endsWith('\\')) continue;
    if (open.trim() !== '' && !open.startsWith('#')) commands.push(open.trim());
    open = '';
  }
  return commands;
}

describe("the README's quick start", () => {
  const commands = shellCommands(readFileSync(readme, 'utf8'), /quick start/i);
  const curls = commands.filter((command) => command.startsWith('curl '));

  it('begins with npm start and uses curl', () => {
    expect(commands.some((command) => /npm start|\.\/bin\/carillon/.test(command))).toBe(true);
    expect(curls.length).toBeGreaterThanOrEqual(2);
  });

  it('works as it is written', { timeout: 90_000 }, async () => {
    await withNode({}, async (node) => {
      for (const curl of curls) {
        const command = curl
          .replace(/^curl /, 'curl --silent --show-error --fail-with-body ')
          .replaceAll(/(localhost|127\.0\.0\.1):8080/g, `127.0.0.1:${node.httpPort}`);
        expect(curl, 'the default address').toMatch(/(localhost|127\.0\.0\.1):8080/);
        const { stdout } = await run('/bin/sh', ['-c', command]);
        expect(stdout, curl).not.toBe('');
      }
      const dkron = new DkronClient(node);
      const [name] = await dkron.jobNames();
      if (name === undefined) throw new Error('the quick start creates no job');
      const [execution] = await dkron.untilEnded(name, 1);
      expect(execution?.success).toBe(true);
      expect(execution?.output ?? '').not.toBe('');
    });
  });
});
