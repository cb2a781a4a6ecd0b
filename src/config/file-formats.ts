import { parse as parseToml, TomlError } from 'smol-toml';
import { parseDocument } from 'yaml';

/** A configuration file that can't be read; `line` counts from 1, 0 when unknown. */
export class FileSyntaxError extends Error {
  override readonly name = 'FileSyntaxError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Reads a text into its top-level keys and values, as written. Throws `FileSyntaxError`. */
type FormatReader = (text: string) => ReadonlyMap<string, unknown>;

/** In the order in which Dkron's library tries them; null: a format of Dkron's that Carillon doesn't read. */
export const formatReaders: ReadonlyMap<string, FormatReader | null> = new Map<string, FormatReader | null>([
  ['json', readJson],
  ['toml', readToml],
  ['yaml', readYaml],
  ['yml', readYaml],
  ['properties', null],
  ['props', null],
  ['prop', null],
  ['hcl', null],
  ['tfvars', null],
  ['dotenv', readDotenv],
  ['env', readDotenv],
  ['ini', null],
]);

function readYaml(text: string): ReadonlyMap<string, unknown> {
  return entriesOf(yamlValue(text, 'core'));
}

/** The YAML reader knows where a JSON text is wrong and finds keys given twice; JSON.parse is strict about the rest. */
function readJson(text: string): ReadonlyMap<string, unknown> {
  yamlValue(text, 'json');
  try {
    return entriesOf(JSON.parse(text));
  } catch (error) {
    if (error instanceof FileSyntaxError) throw error;
    const position = /at position (\d+)/.exec(messageOf(error))?.[1];
    const before = position === undefined ? text : text.slice(0, Number(position));
    throw new FileSyntaxError(before.split('\n').length, messageOf(error));
  }
}

function readToml(text: string): ReadonlyMap<string, unknown> {
  try {
    return entriesOf(parseToml(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new FileSyntaxError(error.line, firstLine(error.message));
  }
}

/**
 * Lines `NAME=value`, with or without `export`, quotes and comments. Names are those of the environment variables,
 * with or without their prefix: `node-name` can't be written in this format.
 */
function readDotenv(text: string): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^'"#]*?))\s*(?:#.*)?$/.exec(
      line,
    );
    if (match === null) throw new FileSyntaxError(index + 1, 'expected NAME=value');
    const key = (match[1] ?? '').replace(/^(?:CARILLON|DKRON)_/i, '').replaceAll('_', '-');
    if (values.has(key)) throw new FileSyntaxError(index + 1, `${match[1]} is given twice`);
    values.set(key, match[2] ?? match[3]?.replace(/\\(.)/g, unescapeCharacter) ?? match[4] ?? '');
  }
  return values;
}

const unescapeCharacter = (_: string, character: string): string =>
  character === 'n' ? '\n' : character === 't' ? '\t' : character;

function yamlValue(text: string, schema: 'core' | 'json'): unknown {
  const document = parseDocument(text, { schema, prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw new FileSyntaxError(error.linePos?.[0].line ?? 0, firstLine(error.message));
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (problem) {
    throw new FileSyntaxError(0, messageOf(problem));
  }
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new FileSyntaxError(1, 'expected keys and values at the top level');
  }
  return new Map(Object.entries(value));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The libraries append the position and a picture of the line; the position is told apart. */
const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
