import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import type { NodeProcess } from '../../../support/node-process.ts';
import { Observer } from '../../../support/observer/observer.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { DkronClient } from '../dkron-client.ts';
import { createJob } from './punctuality.ts';

export interface HeavyOptions {
  readonly outputBytes: number;
  readonly runsInARow: number;
  readonly dueAtOnce: number;
  /** Jobs that are due each second meanwhile, and whose lateness counts. */
  readonly beats: number;
}

export interface HeavyCase {
  readonly what: string;
  readonly seconds: number;
  readonly memoryBeforeMiB: number;
  readonly memoryMostMiB: number;
  readonly memoryAfterMiB: number;
  /** Children of the node, or of its shells, that have ended and that nobody has asked for. */
  readonly zombies: number;
  /** Of the jobs that are due each second, by the observer's clock. */
  readonly beats: {
    readonly started: number;
    readonly missed: number;
    readonly p50Ms: number;
    readonly mostMs: number;
  };
  readonly loadAverage: number;
  readonly told: string;
}

const sampleMs = 100;
const endsWithinMs = 600_000;
const everyMs = 1_000;

/** What a job may do to its node, one thing after the other, beside jobs that must not suffer from it. */
export class HeavyCampaign {
  readonly #node: NodeProcess;
  readonly #options: HeavyOptions;
  readonly #dkron: DkronClient;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'carillon-heavy-'));
  readonly #observer = new Observer(this.#folder);

  constructor(node: NodeProcess, options: HeavyOptions) {
    this.#node = node;
    this.#options = options;
    this.#dkron = new DkronClient(node);
  }

  async run(told: (one: HeavyCase) => void): Promise<void> {
    for (let at = 0; at < this.#options.beats; at += 1) {
      await this.#create(`beat-${at}`, '@every 1s', this.#observer.command('true'));
    }
    told(await this.#measure('nothing else', () => this.#beatsPass(3)));
    told(await this.#measure('much output', () => this.#muchOutput()));
    told(await this.#measure('many runs in a row', () => this.#runsInARow()));
    told(await this.#measure('a double fork', () => this.#doubleFork()));
    told(await this.#measure('many due at once', () => this.#dueAtOnce()));
  }

  close(): void {
    this.#observer.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #muchOutput(): Promise<string> {
    const { outputBytes } = this.#options;
    await this.#create('much', '@manually', `yes | head -c ${outputBytes}`);
    await this.#dkron.run('much');
    const [execution] = await waitUntil(
      async () => {
        const { success_count: ends, error_count: failures } = await this.#dkron.job('much');
        return ends + failures > 0 && (await this.#dkron.executions('much'));
      },
      { what: 'the end of the job with much output', deadlineMs: endsWithinMs, intervalMs: 200 },
    );
    return `${execution?.success === true ? 'success' : 'failed'}, ${execution?.output?.length} of ${outputBytes} bytes kept`;
  }

  async #runsInARow(): Promise<string> {
    await this.#create('short', '@manually', 'true');
    for (let run = 0; run < this.#options.runsInARow; run += 1) await this.#dkron.run('short', '?wait');
    return `${(await this.#dkron.job('short')).success_count} of ${this.#options.runsInARow} succeeded`;
  }

  /** The grandchild has a session and an output of its own, and goes on when the job has ended. */
  async #doubleFork(): Promise<string> {
    const mark = path.join(this.#folder, 'forked');
    const wait = `while ! test -e ${mark}-go; do sleep 0.01; done; echo done > ${mark}`;
    await this.#create('forks', '@manually', `(setsid sh -c '${wait}' > /dev/null 2>&1 &); echo main`);
    await this.#dkron.run('forks', '?wait');
    const [execution] = await this.#dkron.executions('forks');
    await this.#create('lets-go', '@manually', `touch ${mark}-go`);
    await this.#dkron.run('lets-go', '?wait');
    await waitUntil(() => readdirSync(this.#folder).includes('forked'), { what: 'the grandchild goes on' });
    return `${execution?.success === true ? 'success' : 'failed'}, the grandchild went on`;
  }

  async #dueAtOnce(): Promise<string> {
    const { dueAtOnce } = this.#options;
    for (let leadMs = 2_000 + 10 * dueAtOnce, round = 0; ; leadMs *= 2, round += 1) {
      const dueMs = Math.ceil((Date.now() + leadMs) / everyMs) * everyMs;
      const names = Array.from({ length: dueAtOnce }, (_, at) => `at-once-${round}-${at}`);
      const schedule = `@at ${new Date(dueMs).toISOString()}`;
      for (const name of names) await this.#create(name, schedule, this.#observer.command('true'));
      if (Date.now() > dueMs) continue;
      const starts = () => this.#observer.starts.filter(({ job }) => job.startsWith(`at-once-${round}-`));
      await waitUntil(() => starts().length >= dueAtOnce, { what: 'all have started', deadlineMs: endsWithinMs });
      await this.#beatsPass(2);
      const last = Math.max(...starts().map(({ atMs }) => atMs - dueMs));
      return `${new Set(starts().map(({ job }) => job)).size} of ${dueAtOnce} started, ${starts().length} times, the last ${last} ms late`;
    }
  }

  async #beatsPass(seconds: number): Promise<string> {
    const before = this.#observer.starts.length;
    await waitUntil(() => this.#observer.starts.length >= before + seconds * this.#options.beats, {
      what: 'jobs that are due each second start',
      deadlineMs: endsWithinMs,
    });
    return '';
  }

  async #measure(what: string, heavy: () => Promise<string>): Promise<HeavyCase> {
    await this.#beatsPass(1);
    const fromMs = Date.now();
    const memoryBeforeMiB = memoryMiBOf(this.#node.pid);
    let memoryMostMiB = memoryBeforeMiB;
    const sampler = setInterval(() => {
      memoryMostMiB = Math.max(memoryMostMiB, memoryMiBOf(this.#node.pid));
    }, sampleMs);
    const told = await heavy().finally(() => clearInterval(sampler));
    const toMs = Date.now();
    await this.#beatsPass(2);
    const zombies = await this.#untilNoZombies();
    return {
      what,
      seconds: (toMs - fromMs) / 1_000,
      memoryBeforeMiB,
      memoryMostMiB,
      memoryAfterMiB: memoryMiBOf(this.#node.pid),
      zombies,
      beats: this.#beatsBetween(fromMs, toMs),
      loadAverage: loadavg()[0] ?? Number.NaN,
      told,
    };
  }

  /** Due times between two moments, of which each job has one a second. */
  #beatsBetween(fromMs: number, toMs: number): HeavyCase['beats'] {
    const latenessMs: number[] = [];
    let missed = 0;
    for (let at = 0; at < this.#options.beats; at += 1) {
      const due = this.#observer.starts
        .filter(({ job }) => job === `beat-${at}`)
        .map(({ scheduledAtMs, atMs }) => ({ dueMs: scheduledAtMs ?? Number.NaN, lateMs: atMs - (scheduledAtMs ?? 0) }))
        .filter(({ dueMs }) => dueMs >= fromMs && dueMs <= toMs)
        .sort((a, b) => a.dueMs - b.dueMs);
      latenessMs.push(...due.map(({ lateMs }) => lateMs));
      const span = (due.at(-1)?.dueMs ?? 0) - (due[0]?.dueMs ?? 0);
      missed += due.length === 0 ? 0 : span / everyMs + 1 - new Set(due.map(({ dueMs }) => dueMs)).size;
    }
    latenessMs.sort((a, b) => a - b);
    const quantile = (part: number): number => latenessMs[Math.ceil(latenessMs.length * part) - 1] ?? Number.NaN;
    return { started: latenessMs.length, missed, p50Ms: quantile(0.5), mostMs: quantile(1) };
  }

  /** A child that has just ended is one until it is asked for: what counts are those that stay. */
  async #untilNoZombies(): Promise<number> {
    const count = (): number => zombiesBelow(this.#node.pid);
    await waitUntil(() => count() === 0, { what: '', deadlineMs: 5_000 }).catch(() => {
      // They are told of.
    });
    return count();
  }

  async #create(name: string, schedule: string, command: string): Promise<void> {
    const config = { command, shell: 'true' };
    await createJob(this.#node, JSON.stringify({ name, schedule, executor: 'shell', executor_config: config }));
  }
}

/** Memory of a process, without pages of files: those of its stores are the system's to take back. */
export function memoryMiBOf(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 'NaN';
  return Math.round(Number(kib) / 1_024);
}

/** Zombies among all descendants of a process. */
function zombiesBelow(pid: number): number {
  const children = new Map<number, { readonly pid: number; readonly isZombie: boolean }[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The name, in brackets, may hold anything.
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const siblings = children.get(Number(parent)) ?? [];
      children.set(Number(parent), [...siblings, { pid: Number(entry), isZombie: state === 'Z' }]);
    } catch {
      // It is gone.
    }
  }
  const count = (of: number): number =>
    (children.get(of) ?? []).reduce((sum, child) => sum + (child.isZombie ? 1 : 0) + count(child.pid), 0);
  return count(pid);
}
