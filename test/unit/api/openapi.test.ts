import { describe, expect, it } from 'vitest';
import { jobFields } from '../../../src/api/job-fields.ts';
import { Router } from '../../../src/api/router.ts';
import { routes } from '../../../src/api/routes.ts';
import { limits } from '../../../src/core/limits.ts';
import { wallMs, wallNs } from '../../../src/core/units.ts';
import { ApiHarness, header, type SentRequest } from '../../support/api-harness.ts';
import { type DocumentedOperation, differences, errorsOf, openApi } from '../../support/openapi.ts';

const templateOf = (pattern: string): string => pattern.replace(/:(\w+)/g, '{$1}').replace('*', '{path}');

function operationOf(method: string, pattern: string): DocumentedOperation {
  const operation = openApi.paths[templateOf(pattern)]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${pattern} is not documented`);
  return operation;
}

const richJob = {
  name: 'rich',
  schedule: '@manually',
  timezone: 'Europe/Berlin',
  executor: 'shell',
  executor_config: { command: 'echo x' },
  tags: { server: 'true' },
  metadata: { k: 'v' },
  processors: { log: { forward: 'true' } },
  parent_job: 'ended',
  starts_at: '2026-01-01T00:00:00+01:00',
  expires_at: '2099-01-01T00:00:00Z',
  catchup: { policy: 'once' },
  on_lost: 'rerun',
  concurrency: 'queue',
  queue_limit: 2,
  max_executions: 3,
  retry: { interval: '5s', backoff: 2 },
  retention: { count: 10, age: '24h' },
};

/** Jobs in every state that the routes show: `ended`, with its child `rich`, has run, `lost` was lost, `runs` runs. */
function furnished(): ApiHarness {
  const api = new ApiHarness();
  for (const name of ['ended', 'runs', 'lost', 'off', 'nowhere']) {
    api.state.setJob(name, {
      schedule: '@every 10s',
      executorConfig: { command: 'echo x' },
      disabled: name === 'off',
      tags: name === 'nowhere' ? { role: 'web' } : null,
    });
  }
  api.state.launch('ended', 10_000);
  api.runToEnd();
  api.send('POST', '/v1/jobs', { body: JSON.stringify(richJob) });
  api.state.launch('lost', 20_000);
  for (const record of api.state.running('lost')) {
    api.state.finish({ ...record, startedAtNs: wallNs(record.startedAtNs + 2_000_000_000n) }, 'lost');
  }
  api.state.launch('nowhere', 20_000, []);
  api.state.setJob('waits', { concurrency: 'queue' });
  api.state.setJob('waits-for-room', { maxExecutions: 1 });
  for (const name of ['waits', 'waits-for-room']) for (const at of [20_000, 30_000]) api.state.launch(name, at);
  api.state.nowMs = wallMs(api.state.nowMs + 60_000);
  api.state.launch('runs', 0);
  return api;
}

interface Case extends SentRequest {
  readonly ask: string;
  /** Of the error that is expected; none: a success. */
  readonly code?: string;
  readonly given?: (api: ApiHarness) => void;
}

const body = (job: object): string => JSON.stringify(job);
const multipart = (content: string): SentRequest => ({
  headers: { contentType: 'multipart/form-data; boundary=b' },
  body: `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}\r\n--b--\r\n`,
});
const minimal = body({ name: 'new', schedule: '@manually' });
const noLeader = (api: ApiHarness): void => {
  api.leader = null;
};

const backedUp = new ApiHarness();
backedUp.state.setJob('saved');
const backup: SentRequest = { body: backedUp.send('GET', '/v1/backup').body };

/** What every change may end as, and every question to another part of the node. */
const failing = (ask: string, codes: readonly string[], sent: SentRequest = {}): Case[] =>
  codes.map((code) => ({
    ask,
    code,
    ...sent,
    given: (api) => {
      api.failNext = code;
    },
  }));
const writes = ['no_leader', 'overloaded', 'storage_full', 'outcome_unknown'];
const asks = ['overloaded', 'outcome_unknown'];

const nodeCases: Case[] = [
  { ask: 'GET /' },
  { ask: 'GET /', headers: { accept: 'application/json' }, code: 'not_acceptable' },
  { ask: 'GET /ui/jobs/1' },
  { ask: 'GET /health' },
  { ask: 'GET /health/ready' },
  { ask: 'GET /health/ready', given: noLeader, code: 'not_ready' },
  { ask: 'GET /metrics' },
  { ask: 'GET /debug/vars' },
  { ask: 'GET /v1' },
  { ask: 'GET /v1/' },
  { ask: 'GET /v1/members' },
  { ask: 'GET /v1/leader' },
  { ask: 'GET /v1/leader', given: noLeader, code: 'leader_unknown' },
  { ask: 'GET /v1/isleader' },
  { ask: 'GET /v1/isleader', given: noLeader, code: 'not_leader' },
  { ask: 'POST /v1/leave' },
  ...failing('POST /v1/leave', asks),
  { ask: 'GET /v1/busy' },
  ...failing('GET /v1/busy', asks),
  { ask: 'GET /v1/pause' },
  { ask: 'POST /v1/pause' },
  { ask: 'POST /v1/unpause' },
  { ask: 'GET /v1/events?topics=job,output&job=a&from=1.2', isUpgrade: true },
  { ask: 'GET /v1/events', code: 'upgrade_required' },
  { ask: 'GET /v1/events?topics=moon', code: 'query_invalid', isUpgrade: true },
  {
    ask: 'GET /v1/events',
    code: 'overloaded',
    isUpgrade: true,
    given: (api) => {
      for (let opened = 0; opened < limits.eventConnections; opened += 1)
        api.send('GET', '/v1/events', { isUpgrade: true });
    },
  },
  { ask: 'GET /v1/openapi.json' },
  { ask: 'POST /v1/restore', ...multipart(`[${minimal}]`) },
  { ask: 'GET /v1/backup' },
  {
    ask: 'GET /v1/backup',
    given: ({ services }) => {
      services.running.backups = limits.backupsAtOnce;
    },
    code: 'overloaded',
  },
  { ask: 'POST /v1/restore', ...backup },
  { ask: 'POST /v1/restore', body: 'carillon-backup 1\n', code: 'restore_file_invalid' },
  ...failing('POST /v1/restore', ['job_too_large', ...writes], backup),
  { ask: 'POST /v1/restore', code: 'restore_file_missing' },
  { ask: 'POST /v1/restore', ...multipart('{'), code: 'restore_file_invalid' },
];

/** All that can become of a job that is sent to one of the three routes. */
const settingCases = (ask: string): Case[] => [
  { ask, body: minimal },
  { ask: `${ask}?runoncreate`, body: minimal },
  { ask, body: body({ ...richJob, name: 'new' }) },
  { ask, body: '{', code: 'payload_unreadable' },
  { ask, body: body({ name: 'new', schedule: '\u0000' }), code: 'job_invalid' },
  { ask, body: body({ name: 'new', parent_job: 'none' }), code: 'parent_not_found' },
  {
    ask,
    body: body({ name: 'new', parent_job: 'grandchild' }),
    given: (api) => {
      api.state.setJob('new');
      api.state.setJob('grandchild', { parentJob: 'new' });
    },
    code: 'parent_cycle',
  },
  {
    ask,
    body: minimal,
    given: ({ services }) => {
      services.pause.isPaused = true;
    },
    code: 'submissions_paused',
  },
  ...failing(ask, ['job_too_large', ...writes], { body: minimal }),
];

const runningCases = (path: (job: string) => string): Case[] => [
  { ask: path('ended') },
  { ask: path('none'), code: 'job_not_found' },
  { ask: path('off'), code: 'job_disabled' },
  { ask: path('nowhere'), code: 'no_targets' },
  ...failing(path('ended'), ['limit_reached', ...writes]),
];

const jobCases: Case[] = [
  { ask: 'GET /v1/jobs' },
  { ask: 'GET /v1/jobs?_sort=status', code: 'sort_unknown' },
  ...settingCases('POST /v1/jobs'),
  ...settingCases('PATCH /v1/jobs'),
  ...settingCases('PUT /v1/jobs/new'),
  { ask: 'PUT /v1/jobs/old', body: minimal, code: 'job_name_mismatch' },
  { ask: 'GET /v1/jobs/ended' },
  { ask: 'GET /v1/jobs/rich' },
  { ask: 'GET /v1/jobs/none', code: 'job_not_found' },
  { ask: 'DELETE /v1/jobs/runs' },
  { ask: 'DELETE /v1/jobs/none', code: 'job_not_found' },
  { ask: 'DELETE /v1/jobs/ended', code: 'has_dependents' },
  ...failing('DELETE /v1/jobs/runs', writes),
  ...runningCases((job) => `POST /v1/jobs/${job}`),
  ...runningCases((job) => `POST /v1/jobs/${job}/run`),
  { ask: 'POST /v1/jobs/off/toggle' },
  { ask: 'POST /v1/jobs/none/toggle', code: 'job_not_found' },
  ...failing('POST /v1/jobs/off/toggle', writes),
];

const executionCases: Case[] = [
  { ask: 'GET /v1/jobs/ended/executions' },
  { ask: 'GET /v1/jobs/runs/executions?output_size_limit=1' },
  { ask: 'GET /v1/jobs/none/executions', code: 'job_not_found' },
  { ask: 'DELETE /v1/jobs/ended/executions' },
  { ask: 'DELETE /v1/jobs/none/executions', code: 'job_not_found' },
  ...failing('DELETE /v1/jobs/ended/executions', writes),
  { ask: 'GET /v1/jobs/ended/executions/ENDED' },
  { ask: 'GET /v1/jobs/runs/executions/RUNS' },
  { ask: 'GET /v1/jobs/none/executions/1-n0', code: 'job_not_found' },
  { ask: 'GET /v1/jobs/ended/executions/1-n0', code: 'execution_not_found' },
  { ask: 'GET /v1/jobs/ended/executions/ENDED/output' },
  { ask: 'GET /v1/jobs/runs/executions/RUNS/output', code: 'output_not_stored' },
  { ask: 'GET /v1/jobs/ended/executions/ENDED/output?follow&from=1' },
  { ask: 'GET /v1/jobs/ended/executions/ENDED/output?follow&from=x', code: 'query_invalid' },
  {
    ask: 'GET /v1/jobs/runs/executions/RUNS/output?follow',
    code: 'overloaded',
    given: (api) => {
      const path = `/v1/jobs/runs/executions/${api.state.executions('runs').at(-1)?.stamp}-n0/output?follow`;
      for (let followers = 0; followers < limits.outputFollowers; followers += 1) api.request('GET', path);
    },
  },
  { ask: 'GET /v1/jobs/none/executions/1-n0/output', code: 'job_not_found' },
  { ask: 'GET /v1/jobs/ended/executions/1-n0/output', code: 'execution_not_found' },
  { ask: 'POST /v1/jobs/runs/executions/RUNS/stop' },
  {
    ask: 'POST /v1/jobs/ended/executions/ENDED/stop?wait',
    // Its retry waits.
    given: (api) => {
      api.state.setJob('ended', { retries: 1 });
      api.state.launch('ended', 70_000);
      for (const record of api.state.running('ended')) api.state.finish(record, 'failed');
    },
  },
  { ask: 'POST /v1/jobs/runs/executions/RUNS/stop?wait=%', code: 'query_invalid' },
  { ask: 'POST /v1/jobs/none/executions/1-n0/stop', code: 'job_not_found' },
  { ask: 'POST /v1/jobs/ended/executions/1-n0/stop', code: 'execution_not_found' },
  { ask: 'POST /v1/jobs/ended/executions/ENDED/stop', code: 'execution_ended' },
  ...failing('POST /v1/jobs/runs/executions/RUNS/stop', writes),
  { ask: 'GET /v1/schedule/preview?spec=@daily' },
  { ask: 'GET /v1/schedule/preview?spec=@daily&n=0', code: 'query_invalid' },
  { ask: 'GET /v1/schedule/preview?spec=x', code: 'schedule_invalid' },
  { ask: 'GET /v1/launches?state=skipped' },
  { ask: 'GET /v1/launches?state=lost' },
  { ask: 'GET /v1/launches?state=queued' },
  { ask: 'GET /v1/launches?state=late' },
  { ask: 'GET /v1/stats' },
  { ask: 'GET /v1/stats?job=lost&step=5m' },
  { ask: 'GET /v1/stats?step=5', code: 'query_invalid' },
  { ask: 'GET /v1/stats?job=none', code: 'job_not_found' },
  { ask: 'GET /v1/launches?state=x', code: 'query_invalid' },
  { ask: 'GET /v1/launches?state=lost&job=none', code: 'job_not_found' },
];

const router = new Router(true);

/** What came back, and how the documents name it. */
function answered({ ask, given, body: sent = '', headers = {}, isUpgrade = false }: Case) {
  const api = furnished();
  given?.(api);
  const id = (name: string): string => `${api.state.executions(name).at(-1)?.stamp}-n0`;
  const [method = '', target = ''] = ask.replace('ENDED', id('ended')).replace('RUNS', id('runs')).split(' ');
  const match = router.match(method, target.split('?')[0] ?? '');
  if (match.type !== 'route') throw new Error(`${ask} leads nowhere`);
  const { pattern } = match.route;
  const answer = api.send(method, target, { body: sent, headers, isUpgrade });
  return { answer, name: `${method} ${pattern}`, operation: operationOf(method, pattern) };
}

const cases = [...nodeCases, ...jobCases, ...executionCases];

describe('GET /v1/openapi.json', () => {
  it('knows every route, and no other', () => {
    const documented = Object.entries(openApi.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const existing = routes.map(({ method, pattern }) => `${method} ${templateOf(pattern)}`);
    expect(documented.toSorted()).toEqual(existing.toSorted());
    expect(openApi.openapi).toBe('3.1.0');
  });

  it.each(cases.map((one) => [one.code ?? 'as asked', one.ask, one] as const))('%s: %s', (_, __, one) => {
    const { answer, operation } = answered(one);
    expect(differences(operation, answer)).toEqual([]);
    expect(header(answer, 'Carillon-Error')?.split(';')[0]).toBe(one.code);
  });

  it('promises nothing that was not seen above', () => {
    const seen = new Set(
      cases.map((one) => {
        const { answer, name } = answered(one);
        return `${name} ${answer.status} ${one.code ?? ''}`;
      }),
    );
    const promised = routes.flatMap(({ method, pattern }) =>
      Object.entries(operationOf(method, pattern).responses).flatMap(([status, response]) =>
        (response['x-error-codes'] ?? ['']).map((code) => `${method} ${pattern} ${status} ${code}`),
      ),
    );
    expect(promised.toSorted()).toEqual([...seen].toSorted());
  });

  it('lists show what they are made of', () => {
    for (const ask of [
      'GET /v1/jobs',
      'GET /v1/busy',
      'GET /v1/launches?state=skipped',
      'GET /v1/launches?state=lost',
      'GET /v1/launches?state=queued',
      'GET /v1/launches?state=late',
    ]) {
      expect(Number(header(answered({ ask }).answer, 'X-Total-Count')), ask).toBeGreaterThan(0);
    }
  });

  it('has every parameter of a path, and bodies where routes take them', () => {
    for (const { method, pattern, bodyBytes } of routes) {
      const { parameters = [], requestBody } = operationOf(method, pattern);
      const names = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`);
      expect(names, pattern).toEqual(templateOf(pattern).match(/\{\w+\}/g) ?? []);
      expect(requestBody !== undefined, `${method} ${pattern}`).toBe(bodyBytes > 0);
      for (const parameter of parameters) expect(() => errorsOf(parameter.schema, '')).not.toThrow();
    }
  });

  it('knows every key of a job', () => {
    const { Job, SubmittedJob } = openApi.components.schemas;
    expect(Object.keys(SubmittedJob?.properties ?? {})).toEqual([...jobFields.keys()].toSorted(likeAJob));
    expect(Job?.properties).toEqual(SubmittedJob?.properties);
    expect(errorsOf(SubmittedJob ?? {}, richJob)).toEqual([]);
    expect(errorsOf(SubmittedJob ?? {}, { ...richJob, name: 1, retries: -1 })).toHaveLength(2);
  });
});

const keys = Object.keys(openApi.components.schemas.SubmittedJob?.properties ?? {});
const likeAJob = (a: string, b: string): number => keys.indexOf(a) - keys.indexOf(b);
