import type { JobRules } from '../../api/job-rules.ts';
import { isJsonObject, type JsonObject, textOf } from '../client/json.ts';
import { CliError, exitCodes } from '../types.ts';
import { type Change, changesBetween, isComputedKey, readDefinition } from './definition.ts';
import { depthsOf } from './depths.ts';
import type { FiledJob } from './job-files.ts';

/** One job that is to be written. */
export interface PlannedWrite {
  readonly name: string;
  readonly file: string;
  readonly parent: string;
  /** Null: the job is new. */
  readonly changes: readonly Change[] | null;
  /** What is sent. */
  readonly body: string;
}

export interface Plan {
  /** Parents before their children: jobs of one wave don't depend on each other. */
  readonly writes: readonly (readonly PlannedWrite[])[];
  /** Names to delete, in waves: children before their parents. */
  readonly prunes: readonly (readonly string[])[];
  readonly unchanged: number;
  /** Jobs of the files that a later prune with the same selector would not find. */
  readonly unselected: number;
}

export interface PlanInput {
  readonly filed: readonly FiledJob[];
  /** All jobs of the server. */
  readonly stored: readonly JsonObject[];
  /** Null: nothing is deleted. Otherwise all jobs with this metadata that are in no file. */
  readonly prune: ReadonlyMap<string, string> | null;
  readonly rules: JobRules;
}

/** More problems than this are counted, not told. */
const mostProblems = 20;

/** What has to be done so that the server's jobs are those of the files. Throws a `CliError` when that can't be. */
export function makePlan({ filed, stored, prune, rules }: PlanInput): Plan {
  const wanted = uniqueJobs(filed);
  const present = new Map(stored.map((job) => [textOf(job, 'name'), job]));
  const problems: string[] = [];
  const writes: PlannedWrite[] = [];
  for (const [name, { file, job }] of wanted) {
    const write = planWrite(name, file, job, present.get(name), rules);
    if (typeof write === 'string') problems.push(`${file}: job ${JSON.stringify(name)}: ${write}`);
    else if (write !== null) writes.push(write);
  }
  const pruned = [...present.keys()].filter(
    (name) => prune !== null && !wanted.has(name) && isSelected(present.get(name) ?? {}, prune),
  );
  const parents = parentsAfter(wanted, present, new Set(pruned));
  const { depths, cyclic } = depthsOf(parents);
  problems.push(...parentProblems(wanted, parents, cyclic, new Set(pruned)));
  failOn(problems);
  const depthsBefore = depthsOf(new Map(pruned.map((name) => [name, parentIn(present, name)]))).depths;
  return {
    writes: inWaves(writes, ({ name }) => depths.get(name) ?? 0),
    prunes: inWaves(pruned, (name) => -(depthsBefore.get(name) ?? 0)),
    unchanged: wanted.size - writes.length,
    unselected: [...wanted.values()].filter(({ job }) => !isSelected(job, prune ?? new Map())).length,
  };
}

function uniqueJobs(filed: readonly FiledJob[]): ReadonlyMap<string, FiledJob> {
  const jobs = new Map<string, FiledJob>();
  const problems: string[] = [];
  for (const entry of filed) {
    const name = textOf(entry.job, 'name');
    const other = jobs.get(name);
    if (name === '') problems.push(`${entry.file}: a job has no name`);
    else if (other !== undefined) {
      const where = other.file === entry.file ? 'twice' : `also in ${other.file}`;
      problems.push(`${entry.file}: job ${JSON.stringify(name)} is defined ${where}`);
    } else jobs.set(name, entry);
  }
  failOn(problems, exitCodes.usage);
  return jobs;
}

function failOn(problems: readonly string[], exitCode: 1 | 3 = exitCodes.refused): void {
  if (problems.length === 0) return;
  const more = problems.length - mostProblems;
  const told = problems.slice(0, mostProblems);
  throw new CliError(more > 0 ? [...told, `and ${more} more; nothing was changed`] : told, exitCode);
}

/** Null: the server has it as it is; a text: why it can't be. */
function planWrite(
  name: string,
  file: string,
  job: JsonObject,
  stored: JsonObject | undefined,
  rules: JobRules,
): PlannedWrite | string | null {
  const sent = Object.fromEntries(Object.entries(job).filter(([key]) => !isComputedKey(key)));
  const after = readDefinition(sent, rules);
  if (!after.ok) return after.error;
  const before = stored === undefined ? null : readDefinition(stored, null);
  const changes = before === null ? null : changesBetween(before.ok ? before.definition : new Map(), after.definition);
  if (changes?.length === 0) return null;
  return { name, file, parent: textOf(job, 'parent_job'), changes, body: JSON.stringify(sent) };
}

function isSelected(job: JsonObject, selector: ReadonlyMap<string, string>): boolean {
  const metadata = isJsonObject(job.metadata) ? job.metadata : {};
  return [...selector].every(([key, value]) => metadata[key] === value);
}

const parentIn = (jobs: ReadonlyMap<string, JsonObject>, name: string): string =>
  textOf(jobs.get(name) ?? {}, 'parent_job');

/** The parent of every job that there will be; empty: none. */
function parentsAfter(
  wanted: ReadonlyMap<string, FiledJob>,
  present: ReadonlyMap<string, JsonObject>,
  pruned: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const parents = new Map<string, string>();
  for (const name of present.keys()) if (!pruned.has(name)) parents.set(name, parentIn(present, name));
  for (const [name, { job }] of wanted) parents.set(name, textOf(job, 'parent_job'));
  return parents;
}

function* parentProblems(
  wanted: ReadonlyMap<string, FiledJob>,
  parents: ReadonlyMap<string, string>,
  cyclic: ReadonlySet<string>,
  pruned: ReadonlySet<string>,
): Generator<string> {
  for (const [name, parent] of parents) {
    const entry = wanted.get(name);
    const about = `${entry === undefined ? '' : `${entry.file}: `}job ${JSON.stringify(name)}`;
    if (cyclic.has(name) && entry !== undefined) yield `${about}: its parents lead back to itself`;
    if (parent === '' || parents.has(parent)) continue;
    if (pruned.has(parent))
      yield `${about} has the parent "${parent}", which would be pruned: keep it in the files, or change the child`;
    else if (entry !== undefined) yield `${about}: its parent "${parent}" is neither in the files nor on the server`;
  }
}

/** Groups by depth, least first, keeping the order within. */
function inWaves<Item>(items: readonly Item[], depth: (item: Item) => number): readonly (readonly Item[])[] {
  const waves = new Map<number, Item[]>();
  for (const item of items) {
    const wave = waves.get(depth(item));
    if (wave === undefined) waves.set(depth(item), [item]);
    else wave.push(item);
  }
  return [...waves].sort(([a], [b]) => a - b).map(([, wave]) => wave);
}
