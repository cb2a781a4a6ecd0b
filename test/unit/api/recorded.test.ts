import { describe, expect, it } from 'vitest';
import { compare, describeDifferences } from '../../conformance/dkron/compare.ts';
import { divergencesOf, expectedAnswer } from '../../conformance/dkron/divergences.ts';
import { type Answer, isWait, loadRecordings, type RequestStep } from '../../conformance/dkron/recording.ts';
import { ApiHarness, header, textOf } from '../../support/api-harness.ts';

/** Parts that need real processes, or output while running. */
const played = new Set([
  'chain',
  'create',
  'decode',
  'delete',
  'ephemeral',
  'list',
  'pause',
  'restore',
  'routing',
  'run',
  'runoncreate',
  'schedule',
  'tags',
  'toggle',
  'validate',
  'wipe',
]);

const recordings = loadRecordings();
const divergences = divergencesOf(recordings);

function play(harness: ApiHarness, step: RequestStep, names: Map<string, string>): Answer {
  const fill = (text: string): string => text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => names.get(name) ?? '');
  const answer = harness.send(step.method, fill(step.path), {
    body: step.body ?? '',
    headers: {
      contentType: step.headers?.['content-type'] ?? 'application/json',
      origin: step.headers?.origin ?? '',
    },
  });
  const text = step.method === 'HEAD' ? '' : textOf(answer);
  for (const name of Object.keys(step.save ?? {})) names.set(name, (JSON.parse(text) as [{ id: string }])[0].id);
  return {
    status: answer.status,
    type: header(answer, 'content-type'),
    total: header(answer, 'x-total-count'),
    location: header(answer, 'location'),
    allowOrigin: header(answer, 'access-control-allow-origin'),
    allow: header(answer, 'allow'),
    response: text,
  };
}

describe('recorded answers of Dkron, from the API over the state machine', () => {
  it.each(recordings.filter(({ part }) => played.has(part)))('$part', ({ steps }) => {
    const harness = new ApiHarness();
    const names = new Map<string, string>();
    const failures: string[] = [];
    let compared = 0;
    for (const step of steps) {
      if (isWait(step)) continue;
      const actual = play(harness, step, names);
      harness.runToEnd();
      if (step.setup === true) continue;
      compared += 1;
      const differences = compare(expectedAnswer(step, divergences), actual);
      if (differences.length > 0) failures.push(`${step.id}\n${describeDifferences(differences)}`);
    }
    expect(compared).toBeGreaterThan(0);
    expect(failures.join('\n')).toBe('');
  });
});
