import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(import.meta.dirname, 'mutants');
const patches = readdirSync(folder);

/**
 * Each patch changes one decision, silently; the storm has to notice. All of them are tried by `npm run sim:mutants`,
 * here only those that are found at once.
 */
const quick = ['child-after-failure', 'end-forgotten-before-committed'];

describe('the mutants', () => {
  it.each(patches)('%s applies to the sources, and says what it changes', (patch) => {
    const { status, stderr } = spawnSync('git', ['apply', '--check', path.join(folder, patch)], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stderr, 'make the same change to the sources of today and store its `git diff`').toBe('');
    expect(status).toBe(0);
    expect(readFileSync(path.join(folder, patch), 'utf8')).toMatch(/^[A-Z].*\.\n\n--- a\//);
  });

  it('are many', () => {
    expect(patches.length).toBeGreaterThanOrEqual(30);
  });

  it('are found by the storm', { timeout: 240_000 }, () => {
    const only = quick.flatMap((name) => ['--only', name]);
    const { stdout, stderr } = spawnSync(process.execPath, ['bin/sim-mutants.mjs', ...only], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stdout, stderr).toContain('all found');
  });
});
