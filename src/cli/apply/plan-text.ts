import type { Paint } from '../show/style.ts';
import { visible } from '../show/table.ts';
import type { Change } from './definition.ts';
import type { Plan, PlannedWrite } from './plan.ts';

const longestValue = 60;

export interface PlanCounts {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly pruned: number;
}

export function countsOf(plan: Plan): PlanCounts {
  const writes = plan.writes.flat();
  const created = writes.filter(({ changes }) => changes === null).length;
  return {
    created,
    changed: writes.length - created,
    unchanged: plan.unchanged,
    pruned: plan.prunes.reduce((count, wave) => count + wave.length, 0),
  };
}

/**
 * A line a job: `-` deleted, `~` changed with its keys, `+` created; what can be lost stands first. `mostLines` bounds
 * it; null: all.
 */
export function planText(plan: Plan, mostLines: number | null, paint: Paint): string {
  const writes = plan.writes.flat();
  const lines = [
    ...plan.prunes.flat().map((name) => paint('red', `- ${visible(name)}`)),
    ...writes.filter(({ changes }) => changes !== null).flatMap((write) => writeLines(write, paint)),
    ...writes.filter(({ changes }) => changes === null).flatMap((write) => writeLines(write, paint)),
  ];
  const shown = mostLines === null ? lines : lines.slice(0, mostLines);
  const more = lines.length - shown.length;
  if (more > 0) shown.push(paint('dim', `  … and ${more} more lines; --dry-run shows all`));
  return [...shown, countsText(countsOf(plan)), ''].join('\n');
}

const countsText = ({ created, changed, unchanged, pruned }: PlanCounts): string =>
  `${created} to create, ${changed} to change, ${pruned} to prune, ${unchanged} unchanged`;

function writeLines({ name, changes }: PlannedWrite, paint: Paint): readonly string[] {
  if (changes === null) return [paint('green', `+ ${visible(name)}`)];
  return [paint('yellow', `~ ${visible(name)}`), ...changes.map(changeLine)];
}

const changeLine = ({ key, before, after }: Change): string =>
  `    ${visible(key)}: ${shownValue(before)} → ${shownValue(after)}`;

function shownValue(json: string | null): string {
  if (json === null) return 'not set';
  return json.length > longestValue ? `${visible(json.slice(0, longestValue))}…` : visible(json);
}

/** The plan for programs; `refused` are jobs that the server did not take. */
export function planJson(
  plan: Plan,
  applied: boolean,
  refused: readonly { readonly name: string; readonly message: string }[],
): string {
  const writes = plan.writes.flat();
  return JSON.stringify({
    applied,
    created: writes.filter(({ changes }) => changes === null).map(({ name }) => name),
    changed: writes.flatMap(({ name, changes }) => (changes === null ? [] : [{ name, changes }])),
    pruned: plan.prunes.flat(),
    unchanged: plan.unchanged,
    refused,
  });
}
