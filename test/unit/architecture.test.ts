import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  codeOnly,
  findCycle,
  type Import,
  importsOf,
  listFiles,
  readSources,
  readText,
  repository,
  type SourceFile,
} from '../support/source-tree.ts';

const product = readSources('src', 'actors');
const everything = [...product, ...readSources('test', 'bench', 'bin')];

/** Largest file of the product, in lines. A ratchet: lower it when you can. */
const longestFileLines = 350;
/** Files that may be longer, with the length that they may have. Empty is the aim; only take entries out. */
const longerFiles: Readonly<Record<string, number>> = {};

/** Imports that break a rule, as `file → specifier`. */
function breaches(
  files: readonly SourceFile[],
  isAllowed: (imported: Import, file: SourceFile) => boolean,
): readonly string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((imported) => !isAllowed(imported, file))
      .map(({ specifier, typeOnly }) => `${file.path} → ${specifier}${typeOnly ? ' (type)' : ''}`),
  );
}

const inFolder = (folder: string): readonly SourceFile[] => product.filter(({ path }) => path.startsWith(`${folder}/`));

describe('src', () => {
  it.each([
    ['src/core', ['src/core']],
    ['src/runtime/simulation', ['src/core', 'src/runtime']],
    ['src/runtime', ['src/core', 'src/runtime', 'src/adapters']],
    ['src/wire', ['src/core', 'src/runtime', 'src/wire']],
    ['src', ['src']],
  ])('%s imports only from %j', (folder, allowed) => {
    const files = inFolder(folder);
    expect(files.length).toBeGreaterThan(0);
    const isInside = (target: string): boolean => allowed.some((root) => target.startsWith(`${root}/`));
    expect(breaches(files, ({ target }) => target === null || isInside(target))).toEqual([]);
  });

  it('src/core uses no package and no module of Node', () => {
    expect(breaches(inFolder('src/core'), ({ target }) => target !== null)).toEqual([]);
  });

  it('src/core has no clock, chance, timer, locale or environment', () => {
    const impure =
      /\bnew Date\b|\bDate\.(?:now|parse)\b|\bMath\.random\b|\.(?:localeCompare|toLocale\w+)\b|(?<![.\w#])(?:(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(|(?:performance|process|globalThis|crypto|Intl)\.)/;
    const found = inFolder('src/core').flatMap(({ path, text }) =>
      codeOnly(text)
        .split('\n')
        .flatMap((line, index) => (impure.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });
});

describe('actors', () => {
  const actorOf = (path: string): string | undefined => /^actors\/[^/]+\/[^/]+\//.exec(path)?.[0];

  it('see of each other only the types of protocols', () => {
    const files = product.filter(({ path }) => actorOf(path) !== undefined);
    const isAllowed = ({ target, typeOnly }: Import, { path }: SourceFile): boolean => {
      if (target === null || target.startsWith('src/')) return true;
      const other = actorOf(target);
      if (other === undefined || other === actorOf(path)) return target.startsWith('actors/');
      return typeOnly && target === `${other}protocol.ts`;
    };
    expect(breaches(files, isAllowed)).toEqual([]);
  });

  it('are loaded by the thread host alone: what composes them knows their types', () => {
    const files = product.filter(({ path }) => /^actors\/[^/]+\.ts$/.test(path));
    expect(
      breaches(files, ({ target, typeOnly }) => target === null || actorOf(target) === undefined || typeOnly),
    ).toEqual([]);
  });

  it('have protocols that are types only', () => {
    const protocols = product.filter(({ path }) => path.endsWith('/protocol.ts'));
    expect(protocols.length).toBeGreaterThan(0);
    const code = protocols.filter(({ text }) => /^(?:export\s+)?(?:const|let|function|class)\b/m.test(codeOnly(text)));
    expect(code.map(({ path }) => path)).toEqual([]);
    expect(breaches(protocols, ({ typeOnly }) => typeOnly)).toEqual([]);
  });
});

describe('imports', () => {
  it('resolve', () => {
    // bin/ starts what the compiler makes.
    const isThere = (target: string): boolean => target.startsWith('dist/') || existsSync(join(repository, target));
    expect(breaches(everything, ({ target }) => target === null || isThere(target))).toEqual([]);
  });

  it('have no cycle, types aside: those are erased', () => {
    const edges = product.map(({ path, imports }) => {
      const loaded = imports.filter(({ typeOnly }) => !typeOnly);
      return [path, loaded.flatMap(({ target }) => (target === null ? [] : [target]))] as const;
    });
    expect(findCycle(new Map(edges))).toBeNull();
  });
});

describe('files and functions', () => {
  it(`have at most ${longestFileLines} lines`, () => {
    const long = product
      .map(({ path, text }) => [path, text.trimEnd().split('\n').length] as const)
      .filter(([path, lines]) => lines > (longerFiles[path] ?? longestFileLines));
    expect(long).toEqual([]);
  });

  it('that may be longer are still too long', () => {
    const lines = (path: string): number => readText(path).trimEnd().split('\n').length;
    expect(Object.keys(longerFiles).filter((path) => lines(path) <= longestFileLines)).toEqual([]);
  });

  it('are measured by the linter, which nobody switches off', () => {
    const settings: unknown = JSON.parse(readText('biome.json'));
    expect(settings).toMatchObject({
      linter: {
        rules: { complexity: { noExcessiveLinesPerFunction: { level: 'error', options: { maxLines: 70 } } } },
      },
    });
    const silencing =
      /biome-ignore(?! lint\/suspicious\/noControlCharactersInRegex:)|@ts-(?:ignore|expect-error|nocheck)/;
    const silenced = product.filter(({ text }) => silencing.test(text));
    expect(silenced.map(({ path }) => path)).toEqual([]);
  });

  it('leave nothing to do', () => {
    expect(product.filter(({ text }) => /\b(?:TODO|FIXME|XXX)\b/.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe('documents', () => {
  const documents = [...listFiles('docs', '.md'), 'README.md'];
  /** Prose alone: code in fences and in backticks is left out. */
  const proseOf = (path: string): string =>
    readText(path)
      .replace(/^```[\s\S]*?^```/gm, '')
      .replace(/`[^`\n]*`/g, '');

  it.each(documents)('%s has one title', (path) => {
    expect(proseOf(path).match(/^# .+$/gm)).toHaveLength(1);
  });

  it.each(documents)('%s links to what is there', (path) => {
    const links = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
    const broken = links.filter((link) => !/^(?:https?:|#)/.test(link) && !isLinkTarget(path, link));
    expect(broken).toEqual([]);
  });

  function isLinkTarget(from: string, link: string): boolean {
    const [file = '', anchor] = link.split('#');
    const target = posix.join(dirname(from), file);
    if (!existsSync(join(repository, target))) return false;
    return anchor === undefined || anchorsOf(target).includes(anchor);
  }

  /** As code hosting sites make them of headings. */
  function anchorsOf(path: string): readonly string[] {
    return [...readText(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      (heading ?? '')
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replace(/\s/g, '-'),
    );
  }
});

describe('dependencies', () => {
  interface Manifest {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  const manifest: Manifest = JSON.parse(readText('package.json'));
  const all = { ...manifest.dependencies, ...manifest.devDependencies };

  it.each(Object.entries(all))('%s %s is pinned and has its reason written down', (name, version) => {
    expect(version).toMatch(/^(?:npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/);
    expect(readText('docs/dependencies.md')).toContain(`\`${name}\``);
  });

  it('are what the product uses', () => {
    const used = product
      .flatMap(({ imports }) => imports)
      .filter(({ target, specifier }) => target === null && !isBuiltin(specifier))
      .map(({ specifier }) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    const undeclared = used.filter((name) => !Object.hasOwn(manifest.dependencies, name));
    expect(undeclared).toEqual([]);
    // Some are found by a name made at run time: they have to stand in the text of a file at least.
    const unused = Object.keys(manifest.dependencies).filter(
      (name) => !used.includes(name) && !product.some(({ text }) => text.includes(`'${name}'`)),
    );
    expect(unused).toEqual([]);
  });

  it('come from wherever the user gets packages, and run nothing when installed', () => {
    expect(readText('package-lock.json')).not.toContain('"resolved"');
    expect(readText('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    const scripts: Readonly<Record<string, string>> = JSON.parse(readText('package.json')).scripts;
    expect(Object.keys(scripts).filter((name) => /^(?:pre|post)/.test(name))).toEqual([]);
  });
});

describe('the measures themselves', () => {
  it('find imports, also over several lines, and not those in comments', () => {
    const dynamic = ['const d = await import(', "'./d.ts');\n"].join('');
    const text =
      "import type {\n  A,\n} from './a.ts';\n// import './no.ts';\n/*\nimport './never.ts';\n*/\nexport * from '../b.ts';\nimport './c.ts';\nimport x from 'pack';\n" +
      dynamic;
    expect(importsOf('src/x/y.ts', text).map(({ target, typeOnly }) => [target, typeOnly])).toEqual([
      ['src/x/a.ts', true],
      ['src/b.ts', false],
      ['src/x/c.ts', false],
      [null, false],
      ['src/x/d.ts', false],
    ]);
  });

  it('see code apart from comments and texts', () => {
    const text = "a(); // Date.now()\n/* Math.random() */ b('process', \"it's\", `x`);\n";
    expect(codeOnly(text).replace(/ +/g, ' ')).toBe('a(); \n b( , , );\n');
  });

  it('find cycles', () => {
    const edges = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ]);
    expect(findCycle(edges)).toEqual(['b', 'c', 'd', 'b']);
    edges.set('d', []);
    expect(findCycle(edges)).toBeNull();
  });
});
