import { beforeEach, describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/api/http.ts';
import { jobJson } from '../../../src/api/job-json.ts';
import { limits } from '../../../src/core/limits.ts';
import { instantOfMs, jobName, wallMs } from '../../../src/core/units.ts';
import { FrameParser, FrameWriter } from '../../../src/wire/backup/frames.ts';
import { ApiHarness, header, textOf } from '../../support/api-harness.ts';

const bytesOf = ({ body }: HttpAnswer): Uint8Array => (typeof body === 'string' ? Buffer.from(body) : body);

function backupOf(api: ApiHarness): Uint8Array {
  const answer = api.send('GET', '/v1/backup');
  expect([answer.status, header(answer, 'Content-Type')]).toEqual([200, 'application/octet-stream']);
  return bytesOf(answer);
}

const restore = (api: ApiHarness, body: Uint8Array): HttpAnswer => api.send('POST', '/v1/restore', { body });
const restored = (answer: HttpAnswer): unknown => JSON.parse(textOf(answer));

/** What a client can see of the jobs and their history; of executions that `without` names, nothing. */
function shown(api: ApiHarness): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  api.state.reader.eachJob((job) => {
    const list = api.send('GET', `/v1/jobs/${job.name}/executions`);
    all[job.name] = {
      job: jobJson(job),
      total: header(list, 'X-Total-Count'),
      executions: textOf(list),
      notes: api.state.reader.notes(job.name),
      timing: [job.anchorMs, job.highWaterMs],
    };
  });
  return all;
}

const launches = (api: ApiHarness, state: string): string => textOf(api.send('GET', `/v1/launches?state=${state}`));

/** Jobs with history of every kind, parents that sort behind their children, and one that is quarantined. */
function furnish(api: ApiHarness): void {
  const { state } = api;
  state.setJob('z-parent', { executorConfig: { command: 'echo out' }, metadata: { ü: '\u{1F600}' } });
  state.setJob('m-child', { parentJob: 'z-parent', schedule: '', executorConfig: { command: 'false' }, retries: 1 });
  state.setJob('a-grandchild', { parentJob: 'm-child', schedule: '' });
  state.setJob('never', { schedule: '@manually', disabled: true, retention: { count: 10, age: '24h' } });
  state.setJob('lost', { schedule: '@every 10s' });
  state.setJob('nowhere', { tags: { role: 'web' } });
  for (let round = 1; round <= 3; round += 1) {
    state.launch('z-parent', 10_000);
    state.nowMs = wallMs(state.nowMs + 10_000);
    state.launch('nowhere', 0, []);
    api.runToEnd();
  }
  state.launch('lost', 10_000);
  for (const record of state.running('lost')) state.finish(record, 'lost', 'carillon: lost\n');
  state.apply({
    type: 'missed',
    items: [
      {
        name: jobName('lost'),
        scheduleRevision: state.job('lost').scheduleRevision,
        fromMs: wallMs(state.nowMs + 20_000),
        toMs: wallMs(state.nowMs + 50_000),
        count: 4,
        reason: 'not launched in time',
        next: null,
      },
    ],
  });
}

describe('a backup', () => {
  let source: ApiHarness;
  let target: ApiHarness;

  beforeEach(() => {
    source = new ApiHarness();
    target = new ApiHarness();
    furnish(source);
  });

  it('restores on an empty node to equal jobs, counters, history and lists of launches', () => {
    const answer = restore(target, backupOf(source));
    expect([answer.status, restored(answer)]).toEqual([200, { jobs: 6, executions: 10, notes: 4, failed: [] }]);
    expect(shown(target)).toEqual(shown(source));
    for (const state of ['missed', 'skipped', 'lost']) expect(launches(target, state)).toBe(launches(source, state));
    expect(target.state.reader.statusCounts()).toEqual(source.state.reader.statusCounts());
  });

  it('restored twice, or on the node that it was made on, changes nothing', () => {
    const file = backupOf(source);
    const before = shown(source);
    expect(restore(source, file).status).toBe(200);
    expect(shown(source)).toEqual(before);
    restore(target, file);
    target.state.nowMs = wallMs(target.state.nowMs + 5_000);
    restore(target, file);
    expect(shown(target)).toEqual(before);
  });

  it('cut off anywhere in the restore and repeated ends as it would have', () => {
    const file = backupOf(source);
    const whole = shown(source);
    const parts = [...new FrameParser().push(file)];
    for (let sent = 1; sent < parts.length; sent += 3) {
      const api = new ApiHarness();
      const writer = new FrameWriter();
      const head = [writer.begin(), ...parts.slice(0, sent).map((frame) => writer.copy(frame)), writer.end()];
      expect(restore(api, Buffer.concat(head)).status).toBe(200);
      expect(restore(api, file).status).toBe(200);
      expect(shown(api)).toEqual(whole);
    }
  });

  it('is refused when a byte is missing or another one, and nothing is changed', () => {
    const file = backupOf(source);
    for (let length = 18; length < file.length; length += 97) {
      const answer = restore(target, file.subarray(0, length));
      expect([length, answer.status, header(answer, 'Carillon-Error')?.split(';')[0]]).toEqual([
        length,
        400,
        'restore_file_invalid',
      ]);
    }
    for (let at = 17; at < file.length; at += 31) {
      const damaged = file.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect([at, restore(target, damaged).status]).toEqual([at, 400]);
    }
    expect(restore(target, Buffer.concat([file, Uint8Array.of(0)])).status).toBe(400);
    expect(shown(target)).toEqual({});
  });

  it.each([
    ['of a later format', () => Buffer.from('carillon-backup 2\nx'), 'later version'],
    ['without a header', (writer: FrameWriter) => Buffer.concat([writer.begin(), writer.end()]), 'no header'],
    [
      'with frames of a later version',
      (writer: FrameWriter) => Buffer.concat([writer.begin(), writer.frame(77, []), writer.end()]),
      'a later version made it',
    ],
    [
      'whose records are nothing',
      (writer: FrameWriter) => Buffer.concat([writer.begin(), writer.frame(2, ['x']), writer.end()]),
      'can not be read',
    ],
    [
      'with a frame beyond all bounds',
      (writer: FrameWriter) => Buffer.concat([writer.begin(), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 2)]),
      'damaged',
    ],
  ])('%s is refused', (_, make, reason) => {
    const answer = restore(target, make(new FrameWriter()));
    expect([answer.status, header(answer, 'Carillon-Error')]).toEqual([400, expect.stringContaining(reason)]);
  });

  it('is taken as a file of a form, too', () => {
    const head = Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n');
    const body = Buffer.concat([head, backupOf(source), Buffer.from('\r\n--b--\r\n')]);
    const answer = target.send('POST', '/v1/restore', {
      body,
      headers: { contentType: 'multipart/form-data; boundary=b' },
    });
    expect(answer.status).toBe(200);
    expect(shown(target)).toEqual(shown(source));
  });

  it('gives what ran then as lost, and not counted; what waits for its retry or place is left out', () => {
    source.state.launch('never', 0);
    source.state.setJob('runs', { schedule: '@every 10s', retries: 2 });
    source.state.launch('runs', 70_000);
    const [first] = source.state.running('runs');
    if (first !== undefined) source.state.finish(first, 'failed', 'no\n');
    source.state.launch('runs', 80_000);
    const file = backupOf(source);
    restore(target, file);
    const { errorCount, openLaunches, executionsKept, executionsRunning } = target.state.job('runs');
    expect({ errorCount, openLaunches, executionsKept, executionsRunning }).toEqual({
      errorCount: 1,
      openLaunches: 0,
      executionsKept: 2,
      executionsRunning: 0,
    });
    const last = target.state.executions('runs').at(-1);
    expect(last?.outcome).toBe('lost');
    expect(textOf(target.send('GET', `/v1/jobs/runs/executions/${last?.stamp}-n0/output`))).toContain(
      'ran when the backup was made',
    );
    expect(target.state.assignAll()).toBe(0);
  });

  it('makes nothing due that lies before the restore, keeps the phase of @every, and allots no stamp again', () => {
    source.state.setJob('planned', {}, instantOfMs(wallMs(source.state.nowMs + 10_000)));
    const file = backupOf(source);
    target.state.nowMs = wallMs(source.state.nowMs - 3_600_000);
    restore(target, file);
    const job = target.state.job('z-parent');
    expect(job.effectiveFromMs).toBe(source.state.job('z-parent').effectiveFromMs);
    expect(job.anchorMs).toBe(source.state.job('z-parent').anchorMs);
    const stamps = new Set(source.state.executions('z-parent').map(({ stamp }) => stamp));
    const run = target.state.run('z-parent');
    expect(run.type === 'launched' && [...stamps].every((stamp) => run.group > stamp)).toBe(true);
    expect(target.state.job('planned').next).toEqual(source.state.job('planned').next);
    const later = new ApiHarness();
    later.state.nowMs = wallMs(source.state.nowMs + 86_400_000);
    restore(later, file);
    expect(later.state.job('z-parent').effectiveFromMs).toBe(later.state.nowMs);
    expect(later.state.job('planned').next).toEqual(instantOfMs(wallMs(later.state.nowMs + 10_000)));
    expect(later.state.job('never').next).toEqual(source.state.job('never').next);
  });

  it('overwrites jobs that exist, never lowers a counter, and merges their history', () => {
    const file = backupOf(source);
    target.state.setJob('z-parent', { schedule: '@every 1h', owner: 'other', successCount: 50 });
    target.state.run('z-parent');
    target.runToEnd();
    const kept = target.state.executions('z-parent').length;
    restore(target, file);
    const job = target.state.job('z-parent');
    expect([job.schedule, job.owner, job.successCount]).toEqual(['@every 10s', '', 51]);
    expect(target.state.executions('z-parent')).toHaveLength(kept + 3);
    expect(job.executionsKept).toBe(kept + 3);
  });

  it('keeps no more history than a job may have, whatever the order in which it comes', () => {
    const { state } = source;
    state.setJob('busy', { schedule: '@every 1s' });
    for (let round = 0; round < limits.executionsPerJob; round += 1) {
      state.launch('busy', 1_000 * (round + 1));
      for (const record of state.running('busy')) state.finish(record, 'success');
    }
    const file = backupOf(source);
    restore(target, file);
    expect(target.state.executions('busy')).toEqual(state.executions('busy'));
    target.state.nowMs = wallMs(state.nowMs + 3_600_000);
    target.state.run('busy');
    for (const record of target.state.running('busy')) target.state.finish(record, 'success');
    const before = target.state.executions('busy');
    restore(target, file);
    expect(target.state.executions('busy')).toEqual(before);
    expect(target.state.job('busy').executionsKept).toBe(limits.executionsPerJob);
  });

  it('leaves out a job that this version would not take, and what follows from it, and says so', () => {
    source.state.setJob('z-parent', { schedule: 'once in a while' });
    const answer = restore(target, backupOf(source));
    expect(restored(answer)).toMatchObject({
      jobs: 3,
      failed: [
        { job: 'z-parent', code: 'job_invalid' },
        { job: 'm-child', code: 'parent_not_found' },
        { job: 'a-grandchild', code: 'parent_not_found' },
      ],
    });
    expect(target.state.reader.job('m-child')).toBeUndefined();
    expect(target.state.executions('m-child')).toEqual([]);
  });

  it('tells how far a restore came that the log refused', () => {
    target.failNext = 'storage_full';
    const answer = restore(target, backupOf(source));
    expect([answer.status, header(answer, 'Carillon-Error')]).toEqual([
      507,
      expect.stringContaining('storage_full; 0 jobs, 0 executions and 0 notes were restored'),
    ]);
  });

  it('shows one instant, whatever changes while it is read', () => {
    for (let at = 0; at < 400; at += 1) source.state.setJob(`job-${at}`, { owner: 'before' });
    const origin = { version: 'v', node: source.services.node.name, createdAtMs: source.state.nowMs };
    const backup = source.state.reader.backup(origin);
    const pieces: Uint8Array[] = [];
    for (let piece = backup.next(); piece !== null; piece = backup.next()) {
      pieces.push(piece);
      source.state.setJob(`job-${399 - pieces.length}`, { owner: 'after' });
      source.state.setJob(`new-${pieces.length}`, { owner: 'after' });
    }
    backup.close();
    expect(pieces.length).toBeGreaterThan(4);
    restore(target, Buffer.concat(pieces));
    const owners = new Set<string>();
    target.state.reader.eachJob(({ owner }) => owners.add(owner));
    expect([...owners].sort()).toEqual(['', 'before']);
  });

  it('refuses more backups at once than may be', () => {
    source.services.running.backups = limits.backupsAtOnce;
    const answer = source.send('GET', '/v1/backup');
    expect([answer.status, header(answer, 'Carillon-Error')?.split(';')[0]]).toEqual([503, 'overloaded']);
    source.services.running.backups = 0;
    backupOf(source);
    expect(source.services.running.backups).toBe(0);
  });
});
