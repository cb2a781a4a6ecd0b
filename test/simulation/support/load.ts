import type { ProposalOutcome } from '../../../actors/proposer.ts';
import { assert } from '../../../src/core/assert.ts';
import type { JobRecord, SubmittedJob } from '../../../src/core/jobs/records.ts';
import type { Prng } from '../../../src/core/prng.ts';
import type { StateReader } from '../../../src/wire/state-reader.ts';
import { allJobs, changing, forgetful } from './jobs.ts';
import type { OneNode } from './one-node.ts';
import type { Tally } from './tally.ts';
import {
  after,
  type Change,
  commandOf,
  endOfProposal,
  endOfRequest,
  errorOf,
  type Known,
  requestOf,
  shownIn,
  type WriteEnd,
} from './writes.ts';

/** What a write without an answer left on its way through the node is there, or lost, by then. */
const QUIET_MS = 100;

interface Write {
  readonly name: string;
  readonly change: Change;
  /** Of the driver; 0: a request to the API. */
  readonly request: number;
}

/**
 * A client that writes one thing at a time for each job, through the API or right into the log, and remembers what was
 * acknowledged. A write without an answer may have happened or not, until the next one to the same job is acknowledged.
 */
export class Load {
  readonly #random: Prng;
  readonly #under: OneNode;
  readonly #tally: Tally;
  readonly #nowMs: () => number;
  readonly #possible = new Map<string, readonly Known[]>();
  readonly #pending = new Map<string, Write>();
  readonly #quietUntilMs = new Map<string, number>();
  #lastRequest = 0;
  #lastVersion = 0;

  /** `nowMs`: virtual time. */
  constructor(random: Prng, under: OneNode, tally: Tally, nowMs: () => number) {
    this.#random = random;
    this.#under = under;
    this.#tally = tally;
    this.#nowMs = nowMs;
  }

  /** Jobs that don't exist yet for sure; the client creates them until it knows that they do. */
  createMissing(): void {
    for (const wanted of allJobs) if (this.#known(wanted.name).includes(null)) this.#set(wanted, false);
  }

  get isComplete(): boolean {
    return allJobs.every(({ name }) => !this.#known(name).includes(null));
  }

  /** Does something to one of the changing jobs, or looks at any. */
  disturb(): void {
    const target = changing[this.#random.below(changing.length)];
    assert(target !== undefined, 'there are jobs to change');
    const choice = this.#random.below(13);
    if (choice < 4) this.#set(this.#edited(target), this.#random.below(3) === 0);
    else if (choice < 6) this.#disable(target, this.#random.below(2) === 0);
    else if (choice < 8) this.#toggle(target);
    else if (choice < 9) this.#write(target.name, { type: 'delete', name: target.name });
    else if (choice < 11) this.#read(target.name);
    else if (choice < 12) this.#keepOther();
    else this.#set(target, false);
  }

  /** Switches off everything that is scheduled: at the end nothing becomes due any more. */
  disableAll(): void {
    for (const wanted of allJobs) {
      if (wanted.parentJob === '' && this.#known(wanted.name).some((known) => known?.disabled !== true)) {
        this.#disable(wanted, true);
      }
    }
  }

  get isDisabled(): boolean {
    return allJobs.every(
      ({ name, parentJob }) => parentJob !== '' || this.#known(name).every((known) => known === null || known.disabled),
    );
  }

  proposalEnded(request: number, outcome: ProposalOutcome): void {
    const write = [...this.#pending.values()].find((candidate) => candidate.request === request);
    if (write === undefined) return;
    if (outcome.type === 'applied') this.#tally.count('write acknowledged to the driver');
    this.#ended(write, endOfProposal(outcome));
  }

  /** The node is gone: nobody answers what is pending with the driver. */
  connectionLost(): void {
    for (const write of [...this.#pending.values()]) if (write.request > 0) this.#ended(write, { type: 'unknown' });
  }

  /** P5: what is stored is what was acknowledged last, or a later write without an answer. */
  check(reader: StateReader): void {
    for (const { name } of allJobs) this.checkJob(name, reader.job(name));
  }

  checkJob(name: string, stored: JobRecord | undefined): void {
    this.#checkShown(name, stored === undefined ? null : { version: stored.displayname, disabled: stored.disabled });
    this.#tally.count('P5: stored job compared with what was acknowledged');
  }

  #checkShown(name: string, shown: Known): void {
    const pending = this.#pending.get(name);
    const known = this.#known(name);
    const possible = pending === undefined ? known : [...known, ...known.map((one) => after(pending.change, one))];
    const text = JSON.stringify(shown);
    assert(
      possible.some((one) => JSON.stringify(one) === text),
      `${name} is ${text}, and can only be one of ${JSON.stringify(possible)}`,
    );
  }

  #known(name: string): readonly Known[] {
    return this.#possible.get(name) ?? [null];
  }

  #edited(target: SubmittedJob): SubmittedJob {
    return { ...target, schedule: this.#random.below(2) === 0 ? '@every 3s' : target.schedule };
  }

  #keepOther(): void {
    const target = forgetful[this.#random.below(forgetful.length)];
    const retention = target?.retention ?? null;
    assert(target !== undefined && retention !== null, 'there are jobs that keep few executions');
    this.#set({ ...target, retention: { ...retention, count: 1 + this.#random.below(retention.count) } }, false);
  }

  #set(wanted: SubmittedJob, disabled: boolean): void {
    this.#lastVersion += 1;
    const job = { ...wanted, disabled, displayname: `version ${this.#lastVersion}` };
    this.#write(wanted.name, { type: 'set', job });
  }

  #disable(job: SubmittedJob, disabled: boolean): void {
    // The client knows what it switches off: a job that may not be there is made again first.
    if (this.#known(job.name).includes(null)) this.#set(job, disabled);
    else this.#write(job.name, { type: 'disable', job, disabled });
  }

  /** Which value a toggle gives is decided where it is proposed: the client must know what is seen there. */
  #toggle(target: SubmittedJob): void {
    const [known, ...others] = this.#known(target.name);
    if (known === null || others.length > 0) this.#set(target, false);
    else this.#write(target.name, { type: 'toggle', name: target.name });
  }

  /** A read shows every write that was acknowledged before it. */
  #read(name: string): void {
    if (this.#pending.has(name)) return;
    const before = this.#known(name);
    this.#under.http.request('GET', `/v1/jobs/${name}`, '', (end) => {
      const isSame = this.#known(name) === before && !this.#pending.has(name);
      if (end.type !== 'answered' || !isSame) return;
      if (end.answer.status !== 200) assert(errorOf(end.answer).type === 'refused', 'a read is refused for a reason');
      this.#checkShown(name, end.answer.status === 200 ? shownIn(end.answer) : null);
      this.#tally.count('job read');
    });
  }

  #write(name: string, change: Change): void {
    if (this.#pending.has(name) || (this.#quietUntilMs.get(name) ?? 0) > this.#nowMs()) return;
    const request = this.#random.below(3) === 0 ? null : requestOf(change, this.#random.below(2) === 0);
    const command = commandOf(change, this.#under.node.wallNow());
    if (request === null && command !== null) {
      this.#lastRequest += 1;
      this.#pending.set(name, { name, change, request: this.#lastRequest });
      this.#under.submit(this.#lastRequest, command);
    } else if (request !== null) {
      const write: Write = { name, change, request: 0 };
      this.#pending.set(name, write);
      this.#under.http.request(request.method, request.target, request.body, (end) => {
        if (end.type === 'cut') this.#tally.count('request cut off');
        if (end.type === 'answered' && end.answer.status < 300) this.#tally.count('write acknowledged by the api');
        this.#ended(write, endOfRequest(end, change));
      });
    }
  }

  #ended(write: Write, end: WriteEnd): void {
    const { name, change } = write;
    assert(this.#pending.get(name) === write, 'a write ends once');
    this.#pending.delete(name);
    const known = this.#known(name);
    if (end.type === 'unknown') {
      this.#tally.count('write without an answer');
      this.#possible.set(name, [...known, ...known.map((one) => after(change, one))]);
      this.#quietUntilMs.set(name, this.#nowMs() + QUIET_MS);
    } else if (end.type === 'refused') {
      if (end.reason === 'storage_full') this.#tally.count('write refused for lack of space');
      const isGone = end.reason === 'job_not_found';
      assert(!isGone || known.includes(null), `${name} is not found, and was not deleted`);
    } else {
      if (change.type === 'delete') this.#tally.count('job deleted');
      if (change.type === 'toggle') this.#tally.count('job toggled');
      const possible = known.map((one) => after(change, one));
      // What the answer shows must be one of the things that can be; it settles which one it is.
      const text = JSON.stringify(end.shown);
      const isPossible = end.shown === undefined || possible.some((one) => JSON.stringify(one) === text);
      assert(isPossible, `${name} is answered as ${text} after ${change.type}`);
      this.#possible.set(name, end.shown === undefined ? possible : [end.shown]);
    }
  }
}
