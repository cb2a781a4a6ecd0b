import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { examplesIn } from '../support/document-examples.ts';
import { withNode } from '../support/node-process.ts';
import { fixesTimes, isAsShown } from '../support/shown-output.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { DocumentRunner, type Ran } from './support/document-runner.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const pages = readdirSync(path.join(repository, 'docs/guide')).filter((name) => name !== 'README.md');
const documents = ['README.md', ...pages.map((name) => `docs/guide/${name}`)];

const read = (document: string): string => readFileSync(path.join(repository, document), 'utf8');

async function tryExamples(document: string, deadlineMs?: number): Promise<readonly Ran[]> {
  const folder = new TemporaryFolder();
  let ran: readonly Ran[] = [];
  try {
    await withNode({ name: 'node1' }, async (node) => {
      const runner = new DocumentRunner(node, folder, deadlineMs);
      try {
        ran = await runner.run(examplesIn(document));
      } finally {
        runner.end();
      }
    });
  } finally {
    folder.remove();
  }
  return ran;
}

/** The text with one word after the other changed, but for those that nobody compares. */
function* damaged(shown: string): Generator<string> {
  for (const { index, 0: word } of shown.matchAll(/[a-zA-Z]{3,}|(?<![\d:.T-])\d{1,2}(?![\d:.T-]| ms| s\b)/g)) {
    yield `${shown.slice(0, index)}x${word}${shown.slice(index + word.length)}`;
  }
}

/** A document of one command; `shown` is what it tells its reader to expect. */
const document = (command: string, shown: string): string =>
  `# Title\n\n\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`text\n${shown}\n\`\`\`\n`;
const jobFile = (lines: string): string => `\`\`\`yaml\n# a.yaml\n${lines}\n\`\`\`\n\n`;
const goodJob = 'name: a\nschedule: "@manually"\nexecutor: shell\nexecutor_config: { command: echo one }';

describe('a wrong example is found', () => {
  const applied = '+ a\n1 to create, 0 to change, 0 to prune, 0 unchanged\nApplied';
  const apply = 'carillon jobs apply -f a.yaml --yes';
  const cases: readonly (readonly [what: string, document: string, error: RegExp | null])[] = [
    ['a right one passes', jobFile(goodJob) + document(apply, applied), null],
    ['other output', jobFile(goodJob) + document(apply, applied.replace('1 to', '2 to')), /line 11.*instead of/s],
    ['output missing', jobFile(goodJob) + document(apply, `${applied}\nDone`), /line 11.*instead of/s],
    ['a wrong key in a file', jobFile(goodJob.replace('schedule', 'shedule')) + document(apply, applied), /shedule/],
    ['no such command', document('carillon jobs destroy a', ''), /line 3: exit code 1.*unknown command 'destroy'/s],
    ['no such flag', document('carillon jobs list --colour', ''), /Waited.*unknown option '--colour'/s],
    ['a failure in the midst', document('false\necho done', 'done'), /line 3: exit code 1/],
    ['a refused request', document("curl localhost:8080/v1/jobs -d '{}'", ''), /line 3: exit code 22/],
    ['something that never comes', document('carillon jobs list', 'a'), /Waited.*No jobs found/s],
  ];

  it('at its line, with what it does instead', { timeout: 120_000 }, async () => {
    await withNode({ name: 'node1' }, async (node) => {
      for (const [what, text, error] of cases) {
        const folder = new TemporaryFolder();
        const trying = new DocumentRunner(node, folder, 1).run(examplesIn(text));
        if (error === null) await trying;
        else await expect(trying, what).rejects.toThrow(error);
        folder.remove();
        await node.request({ method: 'DELETE', path: '/v1/jobs/a' });
      }
    });
  });

  it.each([
    ['a block of a language that is neither run nor shown', '```js\n1\n```'],
    ['a file without a name', '```yaml\nname: a\n```'],
    ['output of nothing', '```text\none\n```'],
    ['output far from its command', '```sh\ntrue\n```\na\nb\nc\n```text\none\n```'],
    ['a block without an end', '```sh\ntrue'],
  ])('%s is refused', (_, text) => {
    expect(() => examplesIn(text)).toThrow(/^line \d/);
  });
});

describe('every example', () => {
  it('is found: the quick start begins with npm start and goes on with curl', () => {
    const readme = read('README.md');
    expect(readme.indexOf('```sh\nnpm start\n```')).toBeGreaterThan(0);
    expect(readme.indexOf('```sh\ncurl ')).toBeGreaterThan(readme.indexOf('npm start'));
    for (const document of documents) expect(examplesIn(read(document)).length, document).toBeGreaterThan(1);
  });

  it.each(documents)('of %s does what it says', { timeout: 300_000 }, async (document) => {
    const ran = await tryExamples(read(document));
    for (const { example, actual } of ran) {
      for (const wrong of damaged(example.shown ?? '')) {
        const comparison = { exactTimes: fixesTimes(example.text) };
        expect(isAsShown(wrong, actual, comparison), `line ${example.line} would be accepted as\n${wrong}`).toBe(false);
      }
    }
  });
});
