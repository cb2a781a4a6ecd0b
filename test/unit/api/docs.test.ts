import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiErrors, errorHeader } from '../../../src/api/errors.ts';
import { decodeJob } from '../../../src/api/job-decoder.ts';
import { jobFields } from '../../../src/api/job-fields.ts';
import { validateJob } from '../../../src/api/job-rules.ts';
import { routes } from '../../../src/api/routes.ts';
import { limits } from '../../../src/core/limits.ts';
import { testRules } from '../../support/api-harness.ts';

const read = (page: string): string =>
  readFileSync(path.resolve(import.meta.dirname, '../../../docs/api', page), 'utf8');

/** Cells of the rows whose first cell fits. */
const rows = (page: string, first: RegExp): string[][] =>
  read(page)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([cell = '']) => first.test(cell));

describe('docs/api', () => {
  it('errors.md is the registry', () => {
    const documented = rows('errors.md', /^`/).map(([code = '', status, sentence]) => [
      code.slice(1, -1),
      Number(status),
      sentence,
    ]);
    expect(documented).toEqual(Object.entries(apiErrors).map(([code, [status, sentence]]) => [code, status, sentence]));
  });

  it('routes.md is the table of routes', () => {
    const documented = rows('routes.md', /^(GET|POST|PUT|PATCH|DELETE)$/).map(
      ([method, path = '']) => `${method} ${path.slice(1, -1)}`,
    );
    expect(documented).toEqual(routes.map(({ method, pattern }) => `${method} ${pattern}`));
  });

  it('jobs.md names every key', () => {
    const page = read('jobs.md');
    expect([...jobFields.keys()].filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
    expect(page).toContain(`at most ${limits.jobNameBytes} bytes`);
    for (const most of [
      limits.catchupCapMost,
      limits.queueLimitMost,
      limits.maxExecutionsMost,
      limits.retryBackoffMost,
      limits.executionsPerJobMost,
    ]) {
      expect(page).toContain(`1 to ${most}`);
    }
  });

  it('the examples of jobs.md are jobs that are taken, with keys that exist', () => {
    const examples = [...read('jobs.md').matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => json);
    expect(examples.length).toBeGreaterThanOrEqual(5);
    for (const json of examples) {
      const decoded = decodeJob(Buffer.from(json));
      expect([json, decoded.ok ? validateJob(decoded.value, testRules) : decoded.error]).toEqual([json, null]);
      expect(Object.keys(JSON.parse(json)).filter((key) => !jobFields.has(key))).toEqual([]);
    }
  });
});

describe('error sentences', () => {
  it('end, fit a header line, and are used where there is no other', () => {
    for (const [code, [status, sentence]] of Object.entries(apiErrors)) {
      expect(sentence).toMatch(/^[\x20-\x7e]+\.$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(errorHeader(code as keyof typeof apiErrors)).toBe(`${code}; ${sentence}`);
    }
    expect(errorHeader('job_not_found', 'no\r\njob é\u0000')).toBe('job_not_found; no?job ?');
  });
});
