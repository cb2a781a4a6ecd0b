import type { ProposalOutcome } from '../../../actors/proposer.ts';
import { assert } from '../../../src/core/assert.ts';
import type { Command } from '../../../src/core/jobs/commands.ts';
import type { SubmittedJob } from '../../../src/core/jobs/records.ts';
import type { Prng } from '../../../src/core/prng.ts';
import { plannedNext } from '../../../src/core/schedule/schedule.ts';
import { jobName, type WallMs } from '../../../src/core/units.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { submitted } from '../../support/state-harness.ts';
import { schedules } from './one-node.ts';

/** Few enough runs in a test's time that the whole history of a job is kept. */
const jobs: readonly SubmittedJob[] = [
  job('steady', { schedule: '@every 2s' }, { run_ms: '300', output: 'hi' }),
  job('failing', { schedule: '@every 5s', retries: 2 }, { run_ms: '50', fail: 'exit status 1' }),
  job('alone', { schedule: '*/3 * * * * *', concurrency: 'forbid' }, { run_ms: '5000' }),
  job('parent', { schedule: '@every 4s' }, { run_ms: '100' }),
  job('child', { schedule: '', parentJob: 'parent' }, { run_ms: '200' }),
  job('again', { schedule: '@every 7s', onLost: 'rerun' }, { run_ms: '3000' }),
  job('lazy', { schedule: '@every 3s', catchup: { policy: 'skip', window: '60s', cap: 10 } }, {}),
  job('once', { schedule: '@every 3s', catchup: { policy: 'once', window: '60s', cap: 10 } }, {}),
];

/** These are edited, switched off and on, deleted and made again while they run. */
const changing: readonly SubmittedJob[] = [
  job('edited', { schedule: '@every 2s' }, { run_ms: '100' }),
  job('fickle', { schedule: '*/4 * * * * *' }, { run_ms: '1500' }),
];

const all = [...jobs, ...changing];

function job(name: string, fields: Partial<SubmittedJob>, executorConfig: Record<string, string>): SubmittedJob {
  return submitted(name, { executor: 'simulated', executorConfig, ...fields });
}

/** What a client that saw only the answers knows of one job: null is "doesn't exist". */
type Known = { readonly version: string; readonly disabled: boolean } | null;

interface Write {
  readonly request: number;
  readonly name: string;
  readonly command: Command;
  /** What the job is once this happened. */
  readonly after: Known;
}

/**
 * A client that writes one thing at a time for each job, and remembers what was acknowledged. A write without an
 * answer may have happened or not, until the next one to the same job is acknowledged.
 */
export class Load {
  readonly #random: Prng;
  readonly #submit: (request: number, command: Command) => void;
  readonly #possible = new Map<string, Known[]>();
  readonly #pending = new Map<string, Write>();
  #lastRequest = 0;
  #lastVersion = 0;
  acknowledged = 0;

  constructor(random: Prng, submit: (request: number, command: Command) => void) {
    this.#random = random;
    this.#submit = submit;
  }

  /** Jobs that don't exist yet for sure; the client creates them until it knows that they do. */
  createMissing(nowMs: WallMs): void {
    for (const wanted of all) {
      if (this.#known(wanted.name).includes(null)) this.#set(wanted, nowMs, false);
    }
  }

  get isComplete(): boolean {
    return all.every(({ name }) => !this.#known(name).includes(null));
  }

  /** Does something to one of the changing jobs, or runs a job by hand. */
  disturb(nowMs: WallMs): void {
    const target = changing[this.#random.below(changing.length)];
    assert(target !== undefined, 'there are jobs to change');
    const choice = this.#random.below(10);
    if (choice < 4) this.#set(this.#edited(target), nowMs, this.#random.below(3) === 0);
    else if (choice < 6) this.#disable(target, nowMs, this.#random.below(2) === 0);
    else if (choice < 7) this.#delete(target);
    else this.#set(target, nowMs, false);
  }

  /** Switches off everything that is scheduled: at the end nothing becomes due any more. */
  disableAll(nowMs: WallMs): void {
    for (const wanted of all) {
      if (wanted.parentJob === '' && this.#known(wanted.name).some((known) => known?.disabled !== true)) {
        this.#disable(wanted, nowMs, true);
      }
    }
  }

  get isDisabled(): boolean {
    return all.every(
      ({ name, parentJob }) => parentJob !== '' || this.#known(name).every((known) => known === null || known.disabled),
    );
  }

  ended(request: number, outcome: ProposalOutcome): void {
    const write = [...this.#pending.values()].find((candidate) => candidate.request === request);
    if (write === undefined) return;
    this.#pending.delete(write.name);
    if (outcome.type === 'unknown') this.#maybe(write);
    if (outcome.type !== 'applied') return;
    this.acknowledged += 1;
    // A refusal says that the job isn't there: it changed nothing.
    const happened = outcome.result.type !== 'refused' || outcome.result.code === 'job_not_found';
    assert(happened, `${write.command.type} of ${write.name} is not refused`);
    this.#possible.set(write.name, [outcome.result.type === 'refused' ? null : write.after]);
  }

  /** The node is gone: nobody answers what is pending. */
  connectionLost(): void {
    for (const write of this.#pending.values()) this.#maybe(write);
    this.#pending.clear();
  }

  /** P5: what is stored is what was acknowledged last, or a later write without an answer. */
  check(reader: StateReader): void {
    for (const { name } of all) {
      const stored = reader.job(name);
      const shown: Known = stored === undefined ? null : { version: stored.displayname, disabled: stored.disabled };
      const pending = this.#pending.get(name);
      const possible = [...this.#known(name), ...(pending === undefined ? [] : [pending.after])];
      const text = JSON.stringify(shown);
      assert(
        possible.some((known) => JSON.stringify(known) === text),
        `${name} is ${text}, and can only be one of ${JSON.stringify(possible)}`,
      );
    }
  }

  #known(name: string): readonly Known[] {
    return this.#possible.get(name) ?? [null];
  }

  #maybe(write: Write): void {
    this.#possible.set(write.name, [...this.#known(write.name), write.after]);
  }

  #edited(target: SubmittedJob): SubmittedJob {
    return { ...target, schedule: this.#random.below(2) === 0 ? '@every 3s' : target.schedule };
  }

  #set(wanted: SubmittedJob, nowMs: WallMs, disabled: boolean): void {
    this.#lastVersion += 1;
    const version = `version ${this.#lastVersion}`;
    const next = planned(wanted, nowMs);
    const command: Command = { type: 'setJob', nowMs, job: { ...wanted, disabled, displayname: version }, next };
    this.#write(wanted.name, command, { version, disabled });
  }

  #disable(target: SubmittedJob, nowMs: WallMs, disabled: boolean): void {
    const [known, ...others] = this.#known(target.name);
    // The client knows what it switches off: a job that may not be there is made again first.
    if (known === undefined || known === null || others.length > 0) {
      this.#set(target, nowMs, disabled);
      return;
    }
    const command: Command = { type: 'setDisabled', nowMs, name: target.name, disabled, next: planned(target, nowMs) };
    this.#write(target.name, command, { version: known.version, disabled });
  }

  #delete(target: SubmittedJob): void {
    this.#write(target.name, { type: 'deleteJob', name: jobName(target.name) }, null);
  }

  #write(name: string, command: Command, after: Known): void {
    if (this.#pending.has(name)) return;
    this.#lastRequest += 1;
    this.#pending.set(name, { request: this.#lastRequest, name, command, after });
    this.#submit(this.#lastRequest, command);
  }
}

function planned(wanted: SubmittedJob, nowMs: WallMs) {
  if (wanted.schedule === '') return null;
  const compiled = schedules.compile(wanted.schedule, wanted.name, wanted.timezone);
  assert(compiled.ok, 'the schedules of the load are valid');
  return plannedNext(wanted, compiled.schedule, nowMs, nowMs);
}
