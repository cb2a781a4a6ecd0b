/** One runnable piece of a document, in its order. */
export type Example = CommandsExample | FileExample;

export interface CommandsExample {
  readonly type: 'commands';
  /** Where the block begins, for failures. */
  readonly line: number;
  readonly text: string;
  /** The block below it: what a reader is told to expect; null: nothing is. */
  readonly shown: string | null;
}

export interface FileExample {
  readonly type: 'file';
  readonly line: number;
  readonly name: string;
  readonly text: string;
}

/** What the tests do in a way of their own: the node runs already, and tests don't test themselves. */
const commandsOfTheTest: ReadonlySet<string> = new Set(['npm start', 'npm test']);
const fileMark = /^# ([\w./-]+\.(?:ya?ml|json|sh))$/;
const shownLanguages: ReadonlySet<string> = new Set(['text', 'json', 'yaml']);

/**
 * The fenced blocks of a document that say something which can be tried: `sh` is run; `text` or `json` (or `yaml`) right
 * below it is what it shows; `yaml` that begins with `# name.yaml` is a file. A block without a language is a picture.
 * Throws at a block that nobody would try.
 */
export function examplesIn(document: string): readonly Example[] {
  const examples: Example[] = [];
  let above: { readonly language: string; readonly end: number } | null = null;
  for (const block of blocksOf(document)) {
    const previous = examples.at(-1);
    const isShown =
      above?.language === 'sh' && shownLanguages.has(block.language) && isNear(document, above.end, block.line);
    if (isShown && previous?.type === 'commands' && fileNameOf(block.text) === null) {
      examples[examples.length - 1] = { ...previous, shown: block.text };
    } else if (block.language !== '') {
      const example = exampleOf(block);
      if (example !== null) examples.push(example);
    }
    above = { language: block.language, end: block.end };
  }
  return examples;
}

interface Block {
  readonly language: string;
  readonly text: string;
  /** Lines of the two fences, from 1. */
  readonly line: number;
  readonly end: number;
}

function* blocksOf(document: string): Generator<Block> {
  let open: { readonly language: string; readonly line: number; readonly lines: string[] } | null = null;
  for (const [index, line] of document.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === null) open = { language: fence[1] ?? '', line: index + 1, lines: [] };
    else {
      yield { language: open.language, text: `${open.lines.join('\n')}\n`, line: open.line, end: index + 1 };
      open = null;
    }
  }
  if (open !== null) throw new Error(`line ${open.line}: the block has no end`);
}

/** Nothing but one short remark stands between. */
function isNear(document: string, end: number, begin: number): boolean {
  const between = document.split('\n').slice(end, begin - 1);
  return between.filter((line) => line.trim() !== '').length <= 2;
}

const fileNameOf = (text: string): string | null => fileMark.exec(text.split('\n')[0] ?? '')?.[1] ?? null;

function exampleOf({ language, text, line }: Block): Example | null {
  const name = fileNameOf(text);
  if (name !== null) return { type: 'file', line, name, text };
  if (language === 'sh') {
    if (commandsOfTheTest.has(text.trim())) return null;
    return { type: 'commands', line, text, shown: null };
  }
  throw new Error(
    `line ${line}: a \`${language}\` block that no test tries: it is neither run, nor the output of the block above it, ` +
      'nor a file (whose first line is `# name.yaml`)',
  );
}
