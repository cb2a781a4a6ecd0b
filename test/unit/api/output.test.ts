import { beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.ts';
import { wallMs, wallNs } from '../../../src/core/units.ts';
import { ApiHarness, header, textOf } from '../../support/api-harness.ts';

let api: ApiHarness;
beforeEach(() => {
  api = new ApiHarness();
  api.state.setJob('a');
});

/** The path of one execution's output. */
function launched(): string {
  api.state.nowMs = wallMs(api.state.nowMs + 10_000);
  api.state.launch('a', 0);
  const [running] = api.state.running('a');
  return `/v1/jobs/a/executions/${running?.stamp}-n0/output`;
}

function finish(output: Uint8Array, outcome: 'success' | 'failed' | 'lost' = 'success'): void {
  for (const { job, stamp, node, startedAtNs } of api.state.running('a')) {
    api.state.apply({
      type: 'finish',
      nowNs: startedAtNs,
      items: [
        {
          job,
          stamp,
          node,
          startedAtNs,
          finishedAtNs: wallNs(startedAtNs + 1n),
          outcome,
          output,
          droppedBytes: 0,
          retryAtMs: api.state.nowMs,
        },
      ],
    });
  }
}

describe('the output of an execution', () => {
  it('is what was written, byte for byte, as text that no browser takes for a page', () => {
    const path = launched();
    const written = Uint8Array.of(0x3c, 0x68, 0x31, 0x3e, 0x00, 0xff, 0xc3, 0xa9, 0x0a);
    finish(written, 'failed');
    const answer = api.send('GET', `${path}?pretty`);
    expect([answer.status, header(answer, 'Content-Type'), header(answer, 'X-Content-Type-Options')]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'nosniff',
    ]);
    expect(header(answer, 'Content-Disposition')).toBeNull();
    expect(answer.body).toEqual(written);
  });

  it('is empty where nothing was written', () => {
    const path = launched();
    finish(new Uint8Array(0), 'lost');
    const answer = api.send('GET', path);
    expect([answer.status, textOf(answer)]).toEqual([200, '']);
  });

  const refusal = (path: string): [status: number, code: string, keys: string[]] => {
    const answer = api.send('GET', path);
    const body = JSON.parse(textOf(answer)) as Record<string, string>;
    expect(header(answer, 'Carillon-Error')).toBe(`${body.code}; ${body.message}`);
    return [answer.status, body.code ?? '', Object.keys(body)];
  };

  it('is not there while it runs', () => {
    expect(refusal(launched())).toEqual([404, 'output_not_stored', ['code', 'message']]);
  });

  it.each([
    ['/v1/jobs/b/executions/1-n0/output', 'job_not_found'],
    ['/v1/jobs/A/executions/1-n0/output', 'job_not_found'],
    ['/v1/jobs//executions/1-n0/output', 'job_not_found'],
    ['/v1/jobs/a/executions/1-n0/output', 'execution_not_found'],
    ['/v1/jobs/a/executions//output', 'execution_not_found'],
    [`/v1/jobs/a/executions/1-${'x'.repeat(300)}/output`, 'execution_not_found'],
    ['/v1/jobs/a/executions/__proto__/output', 'execution_not_found'],
  ])('%s: %s', (path, code) => {
    expect(refusal(path)).toEqual([404, code, ['code', 'message']]);
  });

  it('goes with its execution', () => {
    const path = launched();
    finish(Uint8Array.of(0x41));
    api.send('DELETE', '/v1/jobs/a/executions');
    expect(refusal(path)[1]).toBe('execution_not_found');
  });
});

describe('the outputs in a list of executions', () => {
  it('are cut from the top down when all together are too large for one answer', () => {
    const bytes = limits.listedOutputBytes / 4;
    const paths = Array.from({ length: 6 }, () => {
      const path = launched();
      finish(new Uint8Array(bytes + 1).fill(0x61));
      return path;
    });
    const shown = (query: string): [number, boolean][] =>
      JSON.parse(textOf(api.send('GET', `/v1/jobs/a/executions${query}`))).map(
        ({ output = '', output_truncated }: { output?: string; output_truncated: boolean }) => [
          output.length,
          output_truncated,
        ],
      );
    const whole = [bytes + 1, false];
    expect(shown('')).toEqual([whole, whole, whole, [bytes - 3, true], [0, true], [0, true]]);
    expect(shown('?_order=ASC')).toEqual(shown(''));
    expect(shown('?output_size_limit=2')).toEqual(Array(6).fill([2, true]));
    expect(api.send('GET', paths[0] ?? '').body).toHaveLength(bytes + 1);
  });
});
