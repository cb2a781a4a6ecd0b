import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from '../support/source-tree.ts';

interface BenchEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'carillon-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function bench(...args: readonly string[]): Promise<BenchEnd> {
  const program = join(repository, 'dist/bench/main.js');
  const child = spawn(process.execPath, [program, '--directory', directory, ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

interface ReadingInJson {
  readonly ours: number;
  readonly target: { readonly relation: 'atMost' | 'atLeast'; readonly bound: number } | null;
  readonly isMet: boolean | null;
}

/** What programs may rely on in the JSON. */
interface Document {
  readonly format: number;
  readonly machine: { readonly node: string };
  readonly smoke: boolean;
  readonly seed: number;
  readonly suites: readonly {
    readonly name: string;
    readonly error: string | null;
    readonly cases: readonly {
      readonly name: string;
      readonly ours: { readonly perSecond: number };
      readonly baselines: readonly { readonly contender: string; readonly perSecond: number; readonly ratio: number }[];
      readonly readings: readonly ReadingInJson[];
    }[];
    readonly experiments: readonly { readonly name: string; readonly readings: readonly ReadingInJson[] }[];
  }[];
}

describe('the bench', () => {
  it('runs every suite against its baselines, and leaves nothing behind', { timeout: 300_000 }, async () => {
    const { code, stdout, stderr } = await bench('--smoke', '--json', '--seed', '7');
    expect(code, stderr).toBe(0);
    const document: Document = JSON.parse(stdout);
    expect(document).toMatchObject({ format: 1, machine: { node: process.version }, smoke: true, seed: 7 });
    const names = ['mailbox', 'wheel', 'next', 'log', 'api', 'lists', 'launches', 'lateness', 'restart', 'memory'];
    expect(document.suites.map(({ name }) => name)).toEqual(names);
    for (const { name, error, cases, experiments } of document.suites) {
      expect(error, name).toBe(null);
      expect(cases.length + experiments.length, name).toBeGreaterThan(0);
      for (const { readings } of experiments) expect(readings.length, name).toBeGreaterThan(0);
      for (const { ours, target, isMet } of [...cases, ...experiments].flatMap(({ readings }) => readings)) {
        const holds = target?.relation === 'atMost' ? ours <= target.bound : ours >= (target?.bound ?? 0);
        expect(isMet).toBe(target === null ? null : holds);
      }
      for (const { ours, baselines } of cases) {
        expect(ours.perSecond).toBeGreaterThan(0);
        expect(baselines.length).toBeGreaterThan(0);
        for (const { perSecond, ratio } of baselines) expect(ratio).toBeCloseTo(ours.perSecond / perSecond);
      }
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it('prints a table and a page for people, of the suites that they ask for', { timeout: 60_000 }, async () => {
    const html = join(directory, 'bench.html');
    const { code, stdout } = await bench('--smoke', '--only', 'wheel', '--html', html);
    expect(code).toBe(0);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>.*<h2>wheel<.h2>.*<svg /s);
    expect(stdout).toMatch(/^processor: /);
    expect(stdout).toMatch(/^wheel: /m);
    expect(stdout).toMatch(/binary heap +[\d,]+ +\d+ % +\d/);
    expect(stdout).not.toContain('mailbox');
  });

  it('refuses a suite that is not there', async () => {
    const { code, stdout, stderr } = await bench('--only', 'gongs');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("there is no suite 'gongs'");
  });
});
