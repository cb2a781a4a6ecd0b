import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { modes, ShellJobs } from '../../support/shell-jobs.ts';

interface Step {
  readonly case: number;
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly status?: number;
  readonly response?: string;
}

interface Recording {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly success: boolean;
  readonly output: string;
}

/** Of each recorded case: the job's config, and what Dkron recorded of its first execution. */
function recordings(): readonly Recording[] {
  const file = new URL('../../fixtures/dkron-golden/shell.jsonl', import.meta.url);
  const steps = readFileSync(file, 'utf8').trim().split('\n');
  const cases = new Map<number, Step[]>();
  for (const line of steps) {
    const step: Step = JSON.parse(line);
    cases.set(step.case, [...(cases.get(step.case) ?? []), step]);
  }
  return [...cases.values()].flatMap((caseSteps) => {
    const created = caseSteps.find(
      ({ method, path, status }) => method === 'POST' && path === '/v1/jobs' && status === 201,
    );
    const listed = caseSteps.find(({ path }) => path?.includes('/executions'));
    const [execution] = JSON.parse(listed?.response || '[]');
    if (created?.body === undefined || execution === undefined) return [];
    const { name, executor_config: config } = JSON.parse(created.body);
    return [{ name, config, success: execution.success, output: execution.output }];
  });
}

describe.each(modes)('recorded shell jobs of Dkron, by %s', (mode) => {
  const jobs = new ShellJobs({ mode });
  afterAll(() => jobs.close());

  it.each(recordings())('$name', async ({ config, success, output, name }) => {
    const record = await jobs.record(config, name);
    expect(record.success).toBe(success);
    if (output.length < 1_000) expect(record.output).toBe(output);
    // The list shows the last bytes only.
    else expect(record.output.endsWith(output)).toBe(true);
  });
});
