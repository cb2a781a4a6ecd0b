import type { Machine } from '../frame/machine.ts';
import type { CaseResult, ReadingResult, SuiteResult } from '../frame/runner.ts';
import {
  quantityText,
  rateColumns,
  rateRows,
  readingColumns,
  readingRows,
  targetText,
  verdictText,
} from '../frame/table.ts';
import { type Bar, barChart } from './bars.ts';
import { curveChart } from './curves.ts';
import { element, escapeText, table } from './markup.ts';

export interface Report {
  readonly machine: Machine;
  readonly smoke: boolean;
  readonly seed: number;
  readonly suites: readonly SuiteResult[];
}

const style = `
:root { color-scheme: light dark; --text: #1b1b1b; --page: #fff; --faint: #ccc; --better: #0072b2; --worse: #d55e00; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --page: #16181b; --faint: #444; --better: #56b4e9; --worse: #e69f00; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 980px; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; font-size: 13px; margin: 1em 0; display: block; overflow-x: auto; }
th, td { text-align: left; padding: 2px 12px 2px 0; border-bottom: 1px solid var(--faint); }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; margin: .5em 0; }
svg text { fill: var(--text); }
.grid { stroke: var(--faint); } .goal { stroke: var(--text); stroke-width: 1.5; }
.better { fill: var(--better); } .worse { fill: var(--worse); }
.line { fill: none; stroke-width: 1.8; }
.line0 { stroke: #0072b2; } .line1 { stroke: #d55e00; } .line2 { stroke: #009e73; } .line3 { stroke: #999; stroke-dasharray: 6 3; }
.failure { white-space: pre-wrap; color: var(--worse); }
`;

/** All results as one page that needs nothing else: no network, no script. */
export function htmlPage({ machine, smoke, seed, suites }: Report): string {
  const head = [
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width' }),
    element('title', {}, 'Carillon: benchmarks'),
    element('style', {}, style),
  ].map((markup) => markup.replace('</meta>', ''));
  const rows = Object.entries(machine).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(' ') : String(value),
  ]);
  const warning = smoke
    ? element('p', {}, 'A smoke run: it shows that everything works. Its figures mean nothing.')
    : '';
  const body = [
    element('h1', {}, 'Carillon: benchmarks'),
    warning,
    table(['machine', ''], [...rows, ['seed', String(seed)]]),
    targetsChart(suites),
    ...suites.map(section),
  ];
  return `<!doctype html>\n${element('html', { lang: 'en' }, [element('head', {}, head), element('body', {}, body)])}\n`;
}

/** All targets, of all suites. */
function targetsChart(suites: readonly SuiteResult[]): string {
  const bars = suites.flatMap((suite) =>
    [...suite.cases, ...suite.experiments].flatMap(({ name, readings }) =>
      readings.flatMap((reading) => targetBar(`${suite.name}: ${name}: ${reading.what}`, reading)),
    ),
  );
  if (bars.length === 0) return '';
  return [
    element('h2', {}, 'Figures and their targets'),
    element('p', {}, 'The line is the target. To the right of it: better, by that factor. To the left: worse.'),
    barChart('Figures as multiples of their targets', bars),
  ].join('');
}

function targetBar(name: string, reading: ReadingResult): readonly Bar[] {
  const { ours, unit, target, isMet } = reading;
  // On a scale of multiples nothing has no place: so good that no bar shows it.
  if (target === null || !(ours > 0) || !(target.bound > 0)) return [];
  const ratio = target.relation === 'atMost' ? target.bound / ours : ours / target.bound;
  const bound = targetText({ ...reading, target: { ...target, text: '' } });
  return [{ name, ratio, text: `${quantityText(ours, unit)}, ${bound}: ${verdictText(isMet)}` }];
}

function section(suite: SuiteResult): string {
  const { name, about, cases, experiments, loadBefore, loadAfter, error } = suite;
  const rates = rateRows(suite);
  const readings = readingRows(suite);
  return element('section', {}, [
    element('h2', {}, escapeText(name)),
    element('p', {}, escapeText(`${about}. Load average ${loadBefore} before, ${loadAfter} after.`)),
    error === null ? '' : element('p', { class: 'failure' }, escapeText(`failed: ${error}`)),
    cases.length === 0 ? '' : ratioChart(name, cases),
    ...experiments.flatMap(({ curves }) =>
      curves.flatMap((chart) => [element('h3', {}, escapeText(chart.title)), curveChart(chart)]),
    ),
    rates.length === 0 ? '' : table(rateColumns, rates),
    readings.length === 0 ? '' : table(readingColumns, readings),
  ]);
}

const ratioChart = (suite: string, cases: readonly CaseResult[]): string =>
  [
    element('p', {}, 'The line is the baseline of the same run. To the right of it: more of Carillon in a second.'),
    barChart(
      `${suite}: rates as multiples of their baselines`,
      cases.flatMap(({ name, ours, baselines }) =>
        baselines.map(({ contender, perSecond, ratio }) => ({
          name: `${name}, against ${contender}`,
          ratio,
          text: `${quantityText(ours.perSecond, 'per second')}, ${quantityText(perSecond, 'per second')}`,
        })),
      ),
    ),
  ].join('');
