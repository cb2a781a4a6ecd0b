// `npm test`: format, lint, types, then all tests (or those whose paths are given); ends with `N passed, N failed`.
// A check that fails counts as one failed test, so that "0 failed" means what it says.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from './ensure.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tool = (...path) => join(root, 'node_modules', ...path);

function run(title, script, ...args) {
  process.stdout.write(`${title}\n`);
  return spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Counts of vitest's own report; a file that can't even be loaded is one failed test. */
function runTests(paths) {
  const directory = mkdtempSync(join(tmpdir(), 'carillon-test-'));
  const reportFile = join(directory, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const ok = run('tests (vitest)', tool('vitest', 'vitest.mjs'), 'run', ...reporters, ...paths);
  const { passed, failed } = readCounts(reportFile);
  rmSync(directory, { recursive: true, force: true });
  return { passed, failed: ok ? failed : Math.max(failed, 1) };
}

function readCounts(reportFile) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(reportFile, 'utf8'));
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
    return { passed: numPassedTests, failed: numFailedTests + broken.length };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function runAll(paths) {
  const checks = [
    run('format and lint (biome)', tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'),
    run('types (tsc)', tool('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.'),
  ];
  const { passed, failed } = runTests(paths);
  return { passed, failed: failed + checks.filter((ok) => !ok).length };
}

let counts = { passed: 0, failed: 1 };
try {
  await ensure();
  counts = runAll(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`carillon: ${error.message}\n`);
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
