// `npm run sim:mutants`: changes one decision of the sources at a time and looks whether the simulation notices.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anyNumber, anyWord, oneOrMore, readOptions } from './campaign.mjs';
import { ensure } from './ensure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'test', 'simulation', 'mutants');
const copied = ['src', 'actors', 'test', 'package.json', 'tsconfig.json'];

const usage = `npm run sim:mutants -- [options]
  --only NAME        this one of ours; may be given several times
  --patch FILE       instead: anybody's change; may be given several times
  --seed 1           the first seed to look with
  --cpu-seconds 60   in which each has to be found`;

const options = readOptions(usage, {
  patch: { type: 'string', multiple: true, pattern: anyWord },
  only: { type: 'string', multiple: true, pattern: anyWord },
  seed: { type: 'string', default: '1', pattern: anyNumber },
  'cpu-seconds': { type: 'string', default: '60', pattern: oneOrMore },
});

/** Ours, or those that were asked for; a name or a file that isn't there ends the process. */
function chosenPatches() {
  const ours = fs.readdirSync(folder).filter((name) => name.endsWith('.patch'));
  const wanted = options.only?.map((name) => `${name}.patch`) ?? ours.sort();
  const files = options.patch?.map((file) => resolve(file)) ?? wanted.map((name) => join(folder, name));
  const missing = files.find((file) => !fs.existsSync(file));
  if (missing === undefined) return files;
  process.stderr.write(`error: there is no ${missing}\n${usage}\n`);
  process.exit(2);
}

/** A copy of the sources with the patch; the real tree is never touched. */
function mutatedTree(patch) {
  const tree = fs.mkdtempSync(join(tmpdir(), 'carillon-mutant-'));
  for (const name of copied) fs.cpSync(join(root, name), join(tree, name), { recursive: true });
  fs.symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const applied = spawnSync('git', ['apply', patch], { cwd: tree, encoding: 'utf8' });
  if (applied.status === 0) return tree;
  fs.rmSync(tree, { recursive: true });
  throw new Error(`${patch} does not apply to the sources: ${applied.stderr}${applied.error ?? ''}`);
}

function hunt(patch) {
  const tree = mutatedTree(patch);
  const report = join(tree, 'hunt.json');
  const env = {
    ...process.env,
    HUNT_REPORT: report,
    HUNT_SEED: options.seed,
    HUNT_CPU_SECONDS: options['cpu-seconds'],
  };
  const vitest = join(tree, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', 'test/simulation/hunt.config.ts'];
  try {
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: tree, env, encoding: 'utf8' });
    if (!fs.existsSync(report)) throw new Error(`${patch}: the simulation does not run\n${stdout}${stderr}`);
    return JSON.parse(fs.readFileSync(report, 'utf8'));
  } finally {
    fs.rmSync(tree, { recursive: true });
  }
}

/** Said in the first line of our patches. */
function decisionOf(patch) {
  const [first = ''] = fs.readFileSync(patch, 'utf8').split('\n', 1);
  return /^(diff|---|Index|From) /.test(first) ? '' : first;
}

const plainLine = (message) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of the assertion library
  const [line = ''] = message.replaceAll(/\u001b\[\d+m/g, '').split('\n', 1);
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
};

await ensure();
let missed = 0;
for (const patch of chosenPatches()) {
  const { failure, seeds, cpuSeconds } = hunt(patch);
  if (failure === null) missed += 1;
  const found = failure === null ? 'NOT FOUND' : `found by seed ${failure.seed}`;
  const effort = `${cpuSeconds.toFixed(1).padStart(5)} s CPU, ${String(seeds).padStart(2)} seeds`;
  console.log(`${basename(patch, '.patch').padEnd(34)} ${found.padEnd(17)} ${effort}`);
  console.log(`    ${decisionOf(patch)}`);
  if (failure !== null) console.log(`    ${plainLine(failure.message)}`);
}
console.log(missed === 0 ? 'all found' : `${missed} not found`);
process.exitCode = missed === 0 ? 0 : 1;
