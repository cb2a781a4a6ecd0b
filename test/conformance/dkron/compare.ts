import { fixedInstants, normalise } from './normalise.ts';
import type { Answer } from './recording.ts';

export interface Difference {
  readonly field: keyof Answer;
  readonly expected: string;
  readonly actual: string;
}

const headers = ['type', 'total', 'location', 'allowOrigin', 'allow'] as const;

/** What of `actual` differs from `expected` after normalising; empty when they agree. */
export function compare(expected: Answer, actual: Answer): Difference[] {
  const differences: Difference[] = [];
  const note = (field: keyof Answer, left: string, right: string): void => {
    if (left !== right) differences.push({ field, expected: left, actual: right });
  };
  note('status', String(expected.status), String(actual.status));
  for (const header of headers) note(header, String(expected[header]), String(actual[header]));
  const fixed = fixedInstants(expected.response);
  note('response', normalise(expected.response, fixed).text, normalise(actual.response, fixed).text);
  return differences;
}

/** For the reader of a failed run: each difference with some text around the first differing character. */
export function describeDifferences(differences: readonly Difference[]): string {
  return differences
    .map(({ field, expected, actual }) => {
      let at = 0;
      while (at < expected.length && expected[at] === actual[at]) at++;
      const from = Math.max(0, at - 60);
      return `  ${field}, at ${at}:\n    Dkron    …${expected.slice(from, at + 120)}\n    Carillon …${actual.slice(from, at + 120)}`;
    })
    .join('\n');
}
