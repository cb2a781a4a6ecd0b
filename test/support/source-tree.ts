import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../..');

/** One `import`, `export … from` or `import()` of a file. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the repository's root; null for a package or a module of Node. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** All files below a folder with one of these endings, by path. */
export function listFiles(folder: string, ...endings: readonly string[]): readonly string[] {
  const root = join(repository, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.includes('node_modules/'))
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}

export function readSources(...folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(folder, '.ts', '.mjs'))
    .map((path) => {
      const text = readText(path);
      return { path, text, imports: importsOf(path, text) };
    });
}

const statement = /^(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]*?\sfrom\s*)?'([^'\n]+)'/gm;
const dynamic = /\bimport\(\s*'([^'\n]+)'\s*\)/g;

export function importsOf(path: string, text: string): readonly Import[] {
  const code = withoutComments(text);
  const make = (specifier: string, typeOnly: boolean): Import => ({
    specifier,
    target: specifier.startsWith('.') ? join(dirname(path), specifier).replaceAll('\\', '/') : null,
    typeOnly,
  });
  return [
    ...[...code.matchAll(statement)].map(([, type, specifier]) => make(specifier ?? '', type !== undefined)),
    ...[...code.matchAll(dynamic)].map(([, specifier]) => make(specifier ?? '', false)),
  ];
}

/** What a scanner of code has to step over: comments, then texts; a regular expression with a quote would mislead it. */
const commentsAndTexts = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

export function withoutComments(text: string): string {
  return text.replace(commentsAndTexts, (piece) => (piece.startsWith('/') ? blank(piece) : piece));
}

/** Code alone: comments and the insides of texts are blanked, line breaks stay. Templates count as texts. */
export function codeOnly(text: string): string {
  return text.replace(commentsAndTexts, blank);
}

const blank = (piece: string): string => piece.replace(/[^\n]/g, ' ');

/** The first cycle found among files, as a path that ends where it begins; null when there is none. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const finished = new Set<string>();
  const visit = (node: string, trail: readonly string[]): readonly string[] | null => {
    const seenAt = trail.indexOf(node);
    if (seenAt >= 0) return [...trail.slice(seenAt), node];
    if (finished.has(node)) return null;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...trail, node]);
      if (cycle !== null) return cycle;
    }
    finished.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
