import { describe, expect, it } from 'vitest';
import { withNode } from '../../support/node-process.ts';
import { compare, describeDifferences } from './compare.ts';
import { divergencesOf, expectedAnswer } from './divergences.ts';
import { sendOverHttp } from './http-transport.ts';
import { play } from './play.ts';
import { loadRecordings } from './recording.ts';

const recordings = loadRecordings();
const divergences = divergencesOf(recordings);

describe('recorded answers of Dkron, played on a fresh node per recording', () => {
  it.each(recordings)('$part', { timeout: 240_000 }, async (recording) => {
    await withNode({ name: 'n0' }, async (node) => {
      const failures: string[] = [];
      await play(recording, {
        url: node.url,
        send: (request) => sendOverHttp(node.httpPort, request),
        expected: (step) => expectedAnswer(step, divergences),
        report: (step, actual) => {
          const differences = compare(expectedAnswer(step, divergences), actual);
          if (differences.length === 0) return;
          const isListed = divergences.some((divergence) => divergence.id === step.id);
          const asDkron = isListed && compare(step, actual).length === 0;
          const remark = asDkron ? ' (a listed divergence that no longer differs)' : '';
          failures.push(`${step.id} ${step.method} ${step.path}${remark}\n${describeDifferences(differences)}`);
        },
      });
      expect(failures.join('\n'), `${failures.length} answers differ`).toBe('');
    });
  });
});
