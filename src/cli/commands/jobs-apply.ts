import type { Command } from 'commander';
import { cronExtensions } from '../../adapters/cron-extensions.ts';
import { IntlZones } from '../../adapters/zones.ts';
import { ScheduleRules } from '../../api/schedule-rules.ts';
import { executePlan, goOnAdvice, type Refused } from '../apply/execute.ts';
import { readJobs, standardInput } from '../apply/job-files.ts';
import { makePlan, type Plan } from '../apply/plan.ts';
import { countsOf, planJson, planText } from '../apply/plan-text.ts';
import { type ApiClient, withApi } from '../client/api-client.ts';
import { objectsIn } from '../client/json.ts';
import { untilInterrupted } from '../interrupt.ts';
import { Progress } from '../show/progress.ts';
import { painter } from '../show/style.ts';
import { CliError, type CliHost, exitCodes } from '../types.ts';
import { type ApiOptions, addApiOptions, addSelector } from './shared.ts';

interface DiffOptions extends ApiOptions {
  readonly file: string;
  readonly prune?: true;
  readonly selector?: ReadonlyMap<string, string>;
}

interface ApplyOptions extends DiffOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Before a question, more lines would push what matters off the screen. */
const linesBeforeQuestion = 60;
const refusalsTold = 20;

export function addApplyCommands(jobs: Command, host: CliHost): void {
  const apply = jobs.command('apply').description("Make the server's jobs those of a file, a folder or standard input");
  addPlanOptions(apply)
    .option('--dry-run', 'Only show what would change')
    .option('--yes', 'Change without asking')
    .action((options: ApplyOptions) => applyFiles(options, host));
  const diff = jobs.command('diff').description('Show what apply would change');
  addPlanOptions(diff).action((options: DiffOptions) => applyFiles({ ...options, dryRun: true }, host));
}

function addPlanOptions(command: Command): Command {
  command
    .requiredOption(
      '-f, --file <path>',
      'YAML or JSON file with one job or many, a folder of such files, or - for standard input',
    )
    .option('--prune', 'Also delete the jobs that are in no file')
    .option('--selector <key=value>', 'With --prune: only jobs with this metadata; may be repeated', addSelector);
  return addApiOptions(command);
}

async function applyFiles(options: ApplyOptions, host: CliHost): Promise<void> {
  const { file, api, prune, selector, yes, dryRun, json } = options;
  if (selector !== undefined && !prune) throw new CliError('--selector: says what --prune may delete; give both');
  if (!yes && !dryRun) checkThatItCanAsk(file, host);
  if (file === standardInput && host.terminal.ask !== null) host.output.error('Reading jobs until Ctrl-D\n');
  const filed = await readJobs(file, host);
  await withApi(api, host, async (client) => {
    const answer = await client.ask({ method: 'GET', path: 'v1/jobs', about: 'list of jobs', timeoutMs: 0 });
    const plan = makePlan({
      filed,
      stored: objectsIn(answer),
      prune: prune ? (selector ?? new Map()) : null,
      rules: new ScheduleRules(new IntlZones('UTC'), cronExtensions),
    });
    showPlan(plan, options, host);
    if (dryRun || !(yes || (await isConfirmed(plan, host)))) {
      if (json) host.output.out(`${planJson(plan, false, [])}\n`);
      return;
    }
    const refused = await execute(plan, client, host);
    if (json) host.output.out(`${planJson(plan, true, refused)}\n`);
    else if (refused.length === 0 && steps(plan) > 0) host.output.out('Applied\n');
    failOnRefused(plan, refused);
  });
}

function checkThatItCanAsk(file: string, { terminal }: CliHost): void {
  const advice = 'give --yes to change without asking, or --dry-run to look only';
  if (file === standardInput) throw new CliError(`standard input holds the jobs, and so no answer: ${advice}`);
  if (terminal.ask === null) throw new CliError(`there is no terminal to ask on: ${advice}`);
}

function showPlan(plan: Plan, { json, dryRun, yes, selector }: ApplyOptions, host: CliHost): void {
  if (!json) host.output.out(planText(plan, dryRun || yes ? null : linesBeforeQuestion, painter(host)));
  if (selector !== undefined && plan.unselected > 0) {
    host.output.error(
      `Note: ${plan.unselected} jobs of the files lack the selector's metadata: a later --prune with it won't find them\n`,
    );
  }
}

function steps(plan: Plan): number {
  const { created, changed, pruned } = countsOf(plan);
  return created + changed + pruned;
}

async function isConfirmed(plan: Plan, { terminal }: CliHost): Promise<boolean> {
  if (steps(plan) === 0) return true;
  const answer = (await terminal.ask?.('Make these changes? [y/N] ')) ?? '';
  return /^y(es)?$/i.test(answer.trim());
}

async function execute(plan: Plan, client: ApiClient, host: CliHost): Promise<readonly Refused[]> {
  const progress = new Progress(host, 'Applying', steps(plan));
  try {
    // What is on its way when Ctrl-C comes is given up with its connection.
    return await untilInterrupted(host, (signal) =>
      Promise.race([executePlan(plan, client, progress), failAtSignal(signal, progress)]),
    );
  } finally {
    progress.end();
  }
}

const failAtSignal = (signal: AbortSignal, progress: Progress): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(new CliError(`interrupted; ${goOnAdvice(progress)}`, exitCodes.interrupted));
    signal.addEventListener('abort', fail, { once: true });
  });

function failOnRefused(plan: Plan, refused: readonly Refused[]): void {
  if (refused.length === 0) return;
  const problems = refused.slice(0, refusalsTold).map(({ name, message }) => `job ${name}: ${message}`);
  const more = refused.length - problems.length;
  if (more > 0) problems.push(`and ${more} more`);
  const isAboutWrites = refused.some(({ name }) => !plan.prunes.flat().includes(name));
  if (plan.prunes.length > 0 && isAboutWrites)
    problems.push('nothing was pruned after the refusals: mend them and repeat the command');
  throw new CliError(problems, exitCodes.refused);
}
