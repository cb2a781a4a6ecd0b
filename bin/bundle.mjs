// Gathers the compiled modules of a running node into few files: reading them one by one costs each thread of each start
// more than the code itself (docs/decisions/0005).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Have binaries, or files that they look for beside themselves. */
const leftAlone = ['lmdb', 'piscina', 'uWebSockets.js', 'uws-node24', 'ws'];

/**
 * Reads the compiled modules in `dist` and writes the same entry points, at the same relative paths, below `target`, which is
 * inside `dist`. False: this Node.js is too old for rolldown (20.12 isn't), and the program there leads to the modules themselves.
 */
export async function bundle(dist, target) {
  const rolldown = await loadRolldown();
  if (rolldown === null) {
    mkdirSync(join(target, 'actors'), { recursive: true });
    const compiled = '../../actors/main.js';
    writeFileSync(join(target, 'actors', 'main.js'), `await import(${JSON.stringify(compiled)});\n`);
    return false;
  }
  const input = Object.fromEntries(entriesOf(dist).map((entry) => [entry, join(dist, `${entry}.js`)]));
  const bundled = await rolldown({
    input,
    platform: 'node',
    external: (id) => id.startsWith('node:') || leftAlone.includes(id),
    onwarn: (warning) => {
      throw new Error(`bundling: ${warning.message}`);
    },
  });
  const { output } = await bundled.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // V8 keeps the text of each module in each thread that loads it, and takes two bytes for all of its characters once one
    // is not in Latin-1.
    comments: { legal: true, annotation: false, jsdoc: false },
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
  });
  await bundled.close();
  checkAddresses(output, target);
  return true;
}

async function loadRolldown() {
  try {
    return (await import('rolldown')).rolldown;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The program, what each thread runs, and the module of each actor. */
function entriesOf(dist) {
  const actors = readdirSync(join(dist, 'actors'), { recursive: true })
    .filter((path) => path.endsWith('ports.js'))
    .map((path) => `actors/${path.replaceAll('\\', '/').slice(0, -'.js'.length)}`);
  return ['actors/main', 'src/runtime/threads/thread-main', ...actors];
}

/** Modules name others by a path relative to themselves: only an entry point still lies where its source says. */
function checkAddresses(output, target) {
  for (const { type, isEntry, fileName } of output) {
    if (type !== 'chunk' || isEntry) continue;
    if (/new URL\([^)]*import\.meta\.url/.test(readFileSync(join(target, fileName), 'utf8')))
      throw new Error(`bundling: ${fileName} looks for a file beside itself and is not where its source was`);
  }
}
