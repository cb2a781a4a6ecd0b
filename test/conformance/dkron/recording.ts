import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What the recorded headers and body are compared by. Null: the answer had no such header. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly total: string | null;
  readonly location: string | null;
  readonly allowOrigin: string | null;
  readonly allow: string | null;
  readonly response: string;
}

/** A request that was sent to Dkron, and what came back. */
export interface RequestStep extends Answer {
  readonly id: string;
  readonly case: number;
  readonly step: number;
  readonly method: string;
  readonly path: string;
  readonly body?: string | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly setup?: boolean;
  readonly nowait?: boolean;
  readonly save?: Readonly<Record<string, string>>;
}

/** Time given to what goes on in the background, in milliseconds. */
export interface WaitStep {
  readonly case: number;
  readonly step: number;
  readonly wait: number;
}

export type Step = RequestStep | WaitStep;

export interface Recording {
  readonly part: string;
  readonly steps: readonly Step[];
}

export const isWait = (step: Step): step is WaitStep => 'wait' in step;
export const isRequest = (step: Step): step is RequestStep => !isWait(step);

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/dkron-golden');

/** All recordings: one per file, played on one fresh server each. */
export function loadRecordings(): Recording[] {
  const files = readdirSync(fixtures)
    .filter((file) => file.endsWith('.jsonl'))
    .sort();
  return files.map((file) => ({
    part: path.basename(file, '.jsonl'),
    steps: readFileSync(path.join(fixtures, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Step),
  }));
}

/** Consecutive steps with the same case number. */
export function casesOf(recording: Recording): Step[][] {
  const cases: Step[][] = [];
  for (const step of recording.steps) {
    const current = cases.at(-1);
    if (current?.[0]?.case === step.case) current.push(step);
    else cases.push([step]);
  }
  return cases;
}
