import { writeFileSync } from 'node:fs';
import { fullEffort, smokeEffort } from './frame/effort.ts';
import { describeMachine } from './frame/machine.ts';
import { type BenchOptions, readOptions, UsageError, usage } from './frame/options.ts';
import { Runner, type SuiteResult } from './frame/runner.ts';
import { machineLines, suiteTable } from './frame/table.ts';
import { htmlPage, type Report } from './report/page.ts';
import { suites } from './suites/index.ts';

/** Version of the JSON document: raised when a key changes its meaning or goes. */
const jsonFormat = 1;
const exitCodes = { ok: 0, suiteFailed: 1, wrongUsage: 2, interrupted: 130 } as const;

async function main(): Promise<number> {
  const options = readOptions(
    process.argv.slice(2),
    suites.map(({ name }) => name),
  );
  if (options.help) {
    print(usage);
    return exitCodes.ok;
  }
  const machine = describeMachine(options.directory);
  if (!options.json) print(machineLines(machine));
  const results = await runSuites(options);
  const { smoke, seed, html } = options;
  const report: Report = { machine, smoke, seed, suites: results };
  if (options.json) print(JSON.stringify({ format: jsonFormat, ...report }, null, 2));
  if (html !== null) writeFileSync(html, htmlPage(report));
  return results.some(({ error }) => error !== null) ? exitCodes.suiteFailed : exitCodes.ok;
}

async function runSuites(options: BenchOptions): Promise<readonly SuiteResult[]> {
  const runner = new Runner({
    effort: (options.smoke ? smokeEffort : fullEffort)(options.seed, options.sustainedSeconds),
    directory: options.directory,
    progress: (text) => process.stderr.write(`bench: ${text}\n`),
  });
  const interrupt = (): void => void runner.abort().finally(() => process.exit(exitCodes.interrupted));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const results: SuiteResult[] = [];
  for (const suite of suites) {
    if (options.only.length > 0 && !options.only.includes(suite.name)) continue;
    const result = await runner.run(suite);
    results.push(result);
    if (!options.json) print(`\n${suiteTable(result)}`);
    else if (result.error !== null) process.stderr.write(`bench: ${suite.name} failed: ${result.error}\n`);
  }
  return results;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\n${usage}\n`);
  process.exitCode = exitCodes.wrongUsage;
}
