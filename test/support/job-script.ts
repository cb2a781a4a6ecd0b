import { assertNever } from '../../src/core/assert.ts';
import { retryPauseMs } from '../../src/core/dispatch/retry.ts';
import type { Change } from '../../src/core/jobs/changes.ts';
import type { Command as JobCommand } from '../../src/core/jobs/commands.ts';
import type { ExecutionRecord, SubmittedJob, Target, UnplacedWork } from '../../src/core/jobs/records.ts';
import { retryPauses } from '../../src/core/jobs/retry-pauses.ts';
import {
  epoch,
  type Instant,
  instantOfMs,
  jobName,
  nodeName,
  type Stamp,
  type WallMs,
  wallMs,
  wallNs,
  wallNsOf,
} from '../../src/core/units.ts';
import { backupBytes, restoreBytes } from './backups.ts';
import { catchupOf, comeBack } from './job-script-wheel.ts';
import { StateHarness, T0 } from './state-harness.ts';

type Command = (script: JobScript, words: readonly string[]) => void;

/** One command a line of an interaction test. Times are written from the beginning of the test: `+10s`, `+1500ms`. */
const commands: Readonly<Record<string, Command>> = {
  /** set JOB [FIELD=VALUE...]: creates or replaces; a bare field is true. */
  set: (script, [name = '', ...fields]) => script.set(name, fields),
  /** launch JOB TIME [on NODE... | nowhere]: the wheel says that it is due; the clock is there, or later. */
  launch: (script, [name = '', at = '', ...where]) => script.launch(name, timeOf(at), targetsOf(where)),
  /** away JOB TIME: nobody launched anything until then; what is due now is handed over. */
  away: (script, [name = '', until = '']) => comeBack(script, name, timeOf(until)),
  /** missed JOB FROM TO COUNT: nobody launched these in time. */
  missed: (script, [name = '', from = '', to = '', count]) =>
    script.missed(name, timeOf(from), timeOf(to), Number(count)),
  /** run JOB [on NODE... | nowhere]: by hand. */
  run: (script, [name = '', ...where]) =>
    script.apply({ type: 'run', nowNs: script.nowNs, name: jobName(name), targets: targetsOf(where) }),
  /** finish JOB success|failed|lost [on NODE]: the end of its oldest execution (there) that has not ended. */
  finish: (script, [name = '', outcome, ...where]) => script.finish(name, outcomeOf(outcome), where[1]),
  /** finish-again JOB success|failed|lost: once more, for its newest execution that has ended. */
  'finish-again': (script, [name = '', outcome]) => script.finishAgain(name, outcomeOf(outcome)),
  /** assign [on NODE... | nowhere]: all work that waits gets these nodes, whether it is due or not. */
  assign: (script, where) => script.assign(script.waiting(), () => targetsOf(where)),
  /** retry: the clock goes to where the first waiting work is due; what is due then gets the node that it asks for. */
  retry: (script) => script.retry(),
  /** reassign JOB EPOCH: starts that did not happen, for a new life of their nodes. */
  reassign: (script, [name = '', life]) => script.reassign(name, Number(life)),
  /** prune JOB [TIME]: drops what is too much of it, and what ended before that time. */
  prune: (script, [name = '', before]) => {
    const endedBeforeMs = before === undefined ? null : timeOf(before);
    script.apply({ type: 'prune', items: [{ job: jobName(name), endedBeforeMs }] });
  },
  /** stop JOB [on NODE]: its newest execution (there), whether it runs or not. */
  stop: (script, [name = '', ...where]) => script.stop(name, where[1]),
  toggle: (script, [name = '']) => script.toggle(name),
  delete: (script, [name = '']) => script.apply({ type: 'deleteJob', name: jobName(name) }),
  /** wipe JOB: its history and counters. */
  wipe: (script, [name = '']) => script.apply({ type: 'deleteExecutions', name: jobName(name) }),
  /** save: keeps a backup of what is there now. */
  save: (script) => script.save(),
  /** restore: imports the backup that was kept, all of it at once. */
  restore: (script) => script.restore(),
  clock: (script, [at = '']) => script.advanceTo(timeOf(at)),
  /** restart: what is in memory is gone, what is committed stays. */
  restart: (script) => script.harness.restart(),
  jobs: (script) => script.showJobs(),
  executions: (script, [name = '']) => script.showExecutions(name),
  notes: (script, [name = '']) => script.showNotes(name),
  waiting: (script) => script.say(...script.waiting().map((work) => `${work.job}: ${workText(work)}`)),
};

/** Plays commands on the state machine over a store in memory, and tells what changed, a line for each change. */
export class JobScript {
  readonly harness = new StateHarness();
  #said: string[] = [];
  #backup: Uint8Array = new Uint8Array();

  play(line: string): readonly string[] {
    const [name = '', ...words] = wordsOf(line);
    const command = commands[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    this.#said = [];
    command(this, words);
    return this.#said;
  }

  sayChange(change: Change): void {
    const text = changeText(change);
    if (text !== null) this.say(text);
  }

  say(...lines: readonly string[]): void {
    this.#said.push(...(lines.length === 0 ? ['none'] : lines));
  }

  get nowNs() {
    return wallNsOf(this.harness.nowMs);
  }

  advanceTo(at: WallMs): void {
    this.harness.nowMs = wallMs(Math.max(this.harness.nowMs, at));
  }

  apply(command: JobCommand): void {
    const before = this.harness.changes.length;
    const result = this.harness.apply(command);
    if (result.type === 'refused') this.say(`refused: ${result.code}, ${result.message}`);
    for (const change of this.harness.changes.slice(before)) this.sayChange(change);
  }

  set(name: string, fields: readonly string[]): void {
    const before = this.harness.changes.length;
    const result = this.harness.setJob(name, Object.assign({}, ...fields.map((field) => fieldOf(field))));
    if (result.type === 'refused') this.say(`refused: ${result.code}, ${result.message}`);
    for (const change of this.harness.changes.slice(before)) this.sayChange(change);
  }

  launch(name: string, at: WallMs, targets: readonly Target[]): void {
    this.advanceTo(at);
    const { scheduleRevision } = this.harness.job(name);
    const item = { name: jobName(name), scheduleRevision, scheduledAtMs: at, targets, next: null };
    this.apply({ type: 'launch', nowNs: this.nowNs, items: [item] });
  }

  missed(name: string, fromMs: WallMs, toMs: WallMs, count: number): void {
    this.advanceTo(toMs);
    const { scheduleRevision } = this.harness.job(name);
    const reason = 'not launched in time';
    this.apply({
      type: 'missed',
      items: [{ name: jobName(name), scheduleRevision, fromMs, toMs, count, reason, next: null }],
    });
  }

  finish(name: string, outcome: Outcome, node: string | undefined): void {
    const [record] = this.harness.running(name).filter((running) => node === undefined || running.node === node);
    if (record === undefined) throw new Error(`nothing of ${name} runs`);
    this.#end(record, outcome);
  }

  finishAgain(name: string, outcome: Outcome): void {
    const record = this.harness.executions(name).findLast((execution) => execution.outcome !== 'running');
    if (record === undefined) throw new Error(`nothing of ${name} has ended`);
    this.#end(record, outcome);
  }

  #end(record: ExecutionRecord, outcome: Outcome): void {
    const { job, stamp, node, startedAtNs } = record;
    const end = { job, stamp, node, startedAtNs, finishedAtNs: this.nowNs, outcome };
    const pauses = retryPauses(this.harness.reader.job(job)?.retry ?? null);
    const pauseMs = pauses === null ? (record.attempt + 1) * 500 : retryPauseMs(pauses, record.attempt, noJitter);
    const retryAtMs = wallMs(this.harness.nowMs + pauseMs);
    this.apply({
      type: 'finish',
      nowNs: this.nowNs,
      items: [{ ...end, output: new Uint8Array(), droppedBytes: 0, retryAtMs }],
    });
  }

  stop(name: string, node: string | undefined): void {
    const record = this.harness.executions(name).findLast((one) => node === undefined || one.node === node);
    if (record === undefined) throw new Error(`${name} has not run`);
    this.apply({ type: 'stop', nowNs: this.nowNs, job: record.job, stamp: record.stamp, node: record.node });
  }

  waiting(): readonly UnplacedWork[] {
    const waiting: UnplacedWork[] = [];
    this.harness.reader.eachWork((work) => waiting.push(work));
    return waiting.sort((a, b) => a.dueAtMs - b.dueAtMs || (a.stamp < b.stamp ? -1 : 1));
  }

  assign(waiting: readonly UnplacedWork[], targetsFor: (work: UnplacedWork) => readonly Target[]): void {
    const items = waiting.map((work) => ({ job: work.job, stamp: work.stamp, targets: targetsFor(work) }));
    this.apply({ type: 'assign', nowNs: this.nowNs, items });
  }

  retry(): void {
    const [first] = this.waiting();
    if (first === undefined) throw new Error('no work waits');
    this.advanceTo(first.dueAtMs);
    const due = this.waiting().filter((work) => work.dueAtMs <= this.harness.nowMs);
    this.assign(due, ({ node }) => targetsOf(['on', node ?? 'n0']));
  }

  reassign(name: string, life: number): void {
    const items = this.harness.running(name).map(({ job, stamp, node }) => ({ job, stamp, node, epoch: epoch(life) }));
    this.apply({ type: 'reassign', nowNs: this.nowNs, items });
  }

  toggle(name: string): void {
    const disabled = this.harness.reader.job(name)?.disabled !== true;
    this.apply({ type: 'setDisabled', nowMs: this.harness.nowMs, name: jobName(name), disabled, next: null });
  }

  save(): void {
    this.#backup = backupBytes(this.harness);
  }

  restore(): void {
    restoreBytes(this.harness, this.#backup, (command) => this.apply(command));
  }

  showJobs(): void {
    const lines: string[] = [];
    this.harness.reader.eachJob((job) => {
      const { successCount, errorCount, openLaunches, dependentJobs } = job;
      const words = [
        `${job.name}: ${job.disabled ? 'disabled' : 'enabled'}, status '${job.status}'`,
        `${successCount} ok, ${errorCount} not ok, ${openLaunches} open, seen to ${seenText(job.highWaterMs)}`,
        ...(dependentJobs === null ? [] : [`then ${dependentJobs.join(' and ')}`]),
      ];
      lines.push(words.join(', '));
    });
    this.say(...lines);
  }

  showExecutions(name: string): void {
    const lines = this.harness.executions(name).map((record) => {
      const late = record.late === null ? '' : `, late: ${record.late}`;
      const stop = record.stop === null ? '' : `, stop: ${record.stop}`;
      return `${idText(record)} of ${stampText(record.group)}: attempt ${record.attempt}, epoch ${record.epoch}, ${record.cause}, ${record.outcome}${late}${stop}`;
    });
    this.say(...lines);
  }

  showNotes(name: string): void {
    this.say(...this.harness.reader.notes(jobName(name)).map((note) => noteText(note)));
  }
}

type Outcome = 'success' | 'failed' | 'lost';

function outcomeOf(word: string | undefined): Outcome {
  if (word === 'success' || word === 'failed' || word === 'lost') return word;
  throw new Error(`no outcome ${word}`);
}

/** Words are separated by spaces; one may hold spaces in double quotes. */
const wordsOf = (line: string): string[] =>
  (line.match(/(?:"[^"]*"|\S)+/g) ?? []).map((word) => word.replaceAll('"', ''));

function timeOf(word: string): WallMs {
  const parts = /^\+(\d+(?:\.\d+)?)(ms|s)$/.exec(word);
  if (parts === null) throw new Error(`no time ${word}`);
  return wallMs(T0 + Number(parts[1]) * (parts[2] === 's' ? 1000 : 1));
}

/** `on n0 n1`; without it `n0`. All are in their first life. `n0/full`: it has no room. */
function targetsOf(words: readonly string[]): Target[] {
  if (words[0] === 'nowhere') return [];
  const names = words[0] === 'on' ? words.slice(1) : ['n0'];
  return names.map((word): Target => {
    const [name = '', full] = word.split('/');
    const target = { node: nodeName(name), epoch: epoch(1) };
    return full === undefined ? target : { ...target, waits: true };
  });
}

const noJitter = { below: () => 0 };

const instantAt = (word: string): Instant => instantOfMs(timeOf(word));

const fields: Readonly<Record<string, (value: string) => Partial<SubmittedJob>>> = {
  schedule: (schedule) => ({ schedule }),
  displayname: (displayname) => ({ displayname }),
  disabled: () => ({ disabled: true }),
  ephemeral: () => ({ ephemeral: true }),
  forbid: () => ({ concurrency: 'forbid' }),
  replace: () => ({ concurrency: 'replace' }),
  allow: () => ({ concurrency: 'allow' }),
  queue: (limit) => ({ concurrency: 'queue', queueLimit: limit === '' ? null : Number(limit) }),
  max_executions: (count) => ({ maxExecutions: Number(count) }),
  retries: (count) => ({ retries: Number(count) }),
  /** retry=INTERVAL,BACKOFF,MAX_INTERVAL */
  retry: (value) => {
    const [interval = '', backoff, maxInterval = ''] = value.split(',');
    return { retry: { interval, backoff: Number(backoff), maxInterval } };
  },
  /** retention=COUNT[,AGE] */
  retention: (value) => {
    const [count, age = null] = value.split(',');
    return { retention: { count: Number(count), age } };
  },
  catchup: (value) => ({ catchup: catchupOf(value) }),
  parent: (parentJob) => ({ parentJob, schedule: '' }),
  on_lost: (value) => ({ onLost: value === 'rerun' ? 'rerun' : 'record' }),
  starts_at: (at) => ({ startsAt: instantAt(at) }),
  expires_at: (at) => ({ expiresAt: instantAt(at) }),
};

function fieldOf(word: string): Partial<SubmittedJob> {
  const [name = '', value = ''] = word.split('=');
  const field = fields[name];
  if (field === undefined) throw new Error(`no field ${name}`);
  return field(value);
}

function changeText(change: Change): string | null {
  switch (change.type) {
    case 'jobSet': {
      const { name, active, scheduleRevision, effectiveFromMs, hasSurplus } = change.schedule;
      const due = active ? `due after ${timeText(effectiveFromMs)}, revision ${scheduleRevision}` : 'never due';
      return `${name}: ${due}${hasSurplus ? ', has more than it keeps' : ''}`;
    }
    case 'jobDeleted':
      return `${change.name}: deleted`;
    case 'launchBegan':
      // What begins of it says the same.
      return null;
    case 'workOpened':
      return `${change.work.job}: ${workText(change.work)}`;
    case 'executionOpened': {
      const { job, attempt, epoch: life, cause, stop } = change.start;
      const words = [`${job}: start ${idText(change.start)}`, `attempt ${attempt}`, `epoch ${life}`, cause];
      return [...words, ...(stop === null ? [] : ['not to begin'])].join(', ');
    }
    case 'executionEnded': {
      const [stamp = '', node = ''] = change.id.split('-');
      const surplus = change.hasSurplus ? ', more than it keeps' : '';
      return `${change.job}: ${idText({ stamp: BigInt(stamp), node })} ended, ${change.outcome}${surplus}`;
    }
    case 'executionStopping': {
      const [stamp = '', node = ''] = change.id.split('-');
      return `${change.job}: stop ${idText({ stamp: BigInt(stamp), node })}, ${change.reason}`;
    }
    case 'executionDropped': {
      const [stamp = '', node = ''] = change.id.split('-');
      return `${idText({ stamp: BigInt(stamp), node })} is nobody's any more`;
    }
    case 'launchEnded':
      return `${change.job}: launch ${stampText(change.group)} ended, status '${change.status}'`;
    case 'launchNoted':
      return `${change.note.job}: ${noteText(change.note)}`;
    default:
      return assertNever(change);
  }
}

function workText({ reason, attempt, dueAtMs, node, group, waits }: UnplacedWork): string {
  const where = node === null ? 'any node' : node;
  return `${reason} of ${stampText(group)}, attempt ${attempt}, due ${timeText(dueAtMs)}, for ${where}${waits === null ? '' : `, waits since ${timeText(waits.sinceMs)}: ${waits.for}`}`;
}

function noteText({ kind, fromMs, toMs, count, reason }: Extract<Change, { type: 'launchNoted' }>['note']): string {
  const range = fromMs === toMs ? timeText(fromMs) : `${timeText(fromMs)} to ${timeText(toMs)}, ${count} times`;
  return `${kind} ${range}: ${reason}`;
}

const timeText = (at: WallMs): string => `+${(at - T0) / 1000}s`;
const seenText = (at: WallMs): string => (at === 0 ? 'nothing' : timeText(at));

/** A stamp is its instant, and how far it was pushed on to be unique. */
function stampText(stamp: Stamp | bigint): string {
  const sinceNs = wallNs(stamp) - wallNsOf(T0);
  const pushed = sinceNs % 1_000_000n;
  return `${timeText(wallMs(T0 + Number(sinceNs / 1_000_000n)))}${pushed === 0n ? '' : `#${pushed}`}`;
}

const idText = ({ stamp, node }: { readonly stamp: bigint; readonly node: string }): string =>
  `${stampText(stamp)}-${node}`;
