// Makes a clone ready to run: installs the dependencies and compiles the sources when that is missing or outdated.
// Needs nothing but Node.js and the npm that comes with it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestNode = 20;
const at = (...parts) => join(root, ...parts);
const lockFile = at('.ensure.lock');
const fingerprintFile = at('dist', '.fingerprint');
/** Compiled packages fit one binary interface: another Node.js or machine on the same files needs others. */
const runtimeFile = at('node_modules', '.carillon-runtime');
const runtime = `${process.platform} ${process.arch} ${process.versions.modules}`;
/** What the compiled code depends on. */
const inputs = [
  'bin/bundle.mjs',
  'src',
  'actors',
  'bench',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'package-lock.json',
];
/** An installation that takes longer has hung; its lock is then taken over. */
const staleLockMs = 15 * 60_000;
const lockPollMs = 100;

/** Installs and builds what is missing; at once when there is nothing to do. Throws with a sentence for the user. */
export async function ensure() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < oldestNode) throw new Error(`Node.js ${oldestNode} or newer is needed; this is ${process.versions.node}`);
  if (isInstalled() && isBuilt()) return;
  await holdingLock(async () => {
    if (!isInstalled()) await install();
    if (!isBuilt()) await build();
  });
}

/** At the end of each installation npm writes down what it installed; packages for other platforms may be missing. */
function isInstalled() {
  if (fs.existsSync(runtimeFile) && fs.readFileSync(runtimeFile, 'utf8') !== runtime) return false;
  const installed = lockedPackages(at('node_modules', '.package-lock.json'));
  const wanted = lockedPackages(at('package-lock.json'));
  return Object.entries(wanted ?? {}).every(([path, { version, integrity, optional }]) => {
    const found = installed?.[path];
    return path === '' || (found === undefined ? optional : found.version === version && found.integrity === integrity);
  });
}

function lockedPackages(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).packages : undefined;
}

/** An image or package may carry compiled code without its sources. */
function isBuilt() {
  if (!fs.existsSync(at('src'))) return fs.existsSync(at('dist', 'bundle', 'actors', 'main.js'));
  try {
    return fs.readFileSync(fingerprintFile, 'utf8') === fingerprint();
  } catch {
    return false;
  }
}

/** Changes with each change of an input: names, sizes and times of all files, as a hash. */
function fingerprint() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const status = fs.statSync(at(path), { throwIfNoEntry: false });
    if (status === undefined) return;
    if (!status.isDirectory()) {
      hash.update(`${path}\0${status.size}\0${status.mtimeMs}\n`);
      return;
    }
    for (const name of fs.readdirSync(at(path)).sort()) visit(`${path}/${name}`);
  };
  inputs.forEach(visit);
  return hash.digest('hex');
}

/**
 * Installs what the lock file says, without touching it. Not `npm ci`, which refuses a lock file that lacks an optional
 * package made for another platform, and which empties node_modules under a running node.
 */
async function install() {
  say('installing dependencies (npm install)');
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  await run(...npmCommand(), 'install', '--no-save', '--include=dev', '--ignore-scripts', ...quiet);
  fs.writeFileSync(runtimeFile, runtime);
}

/** Compiles beside the old code and swaps at the end, so that nobody ever starts half of it. */
async function build() {
  say('compiling (tsc, rolldown)');
  const fresh = at('dist.new');
  const before = fingerprint();
  fs.rmSync(fresh, { recursive: true, force: true });
  const compiler = at('node_modules', 'typescript', 'lib', 'tsc.js');
  await run(process.execPath, compiler, '-p', at('tsconfig.build.json'), '--outDir', fresh);
  const { bundle } = await import('./bundle.mjs');
  if (!(await bundle(fresh, join(fresh, 'bundle')))) say('not bundled: this Node.js is old, and starts take longer');
  fs.writeFileSync(join(fresh, '.fingerprint'), before);
  fs.rmSync(at('dist'), { recursive: true, force: true });
  fs.renameSync(fresh, at('dist'));
}

/** The npm that runs us, else the one that came with this Node.js, else the one in PATH. */
function npmCommand() {
  const beside = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath ?? '',
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const script = candidates.find((path) => path.endsWith('npm-cli.js') && fs.existsSync(path));
  return script === undefined ? ['npm'] : [process.execPath, script];
}

/** Its output goes to stderr: stdout belongs to the command that is run afterwards. */
function run(command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
    const stop = (signal) => {
      child.kill(signal);
      fs.rmSync(lockFile, { force: true });
      process.exit(1);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, stop);
    const end = (error) => {
      for (const signal of signals) process.off(signal, stop);
      if (error === null) resolve();
      else reject(error);
    };
    child.on('error', (error) => end(new Error(`${command} can't be started: ${error.message}`)));
    child.on('exit', (code, signal) => {
      end(code === 0 ? null : new Error(`${[command, ...args].join(' ')} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}

/** Two starts at once must not install into the same directory: the second waits and finds the work done. */
async function holdingLock(work) {
  while (!takeLock()) await sleep(lockPollMs);
  try {
    await work();
  } finally {
    fs.rmSync(lockFile, { force: true });
  }
}

/** The lock appears with its owner's process id inside: it is written elsewhere and linked. */
function takeLock() {
  const own = `${lockFile}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, lockFile);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned()) fs.rmSync(lockFile, { force: true });
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function isAbandoned() {
  try {
    if (Date.now() - fs.statSync(lockFile).mtimeMs > staleLockMs) return true;
    process.kill(Number(fs.readFileSync(lockFile, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

const say = (text) => process.stderr.write(`carillon: ${text}\n`);

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await ensure();
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
