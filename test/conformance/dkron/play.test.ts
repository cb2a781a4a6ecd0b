import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { sendOverHttp } from './http-transport.ts';
import { type OutgoingRequest, play } from './play.ts';
import { type Answer, isRequest, loadRecordings, type Recording, type RequestStep, type Step } from './recording.ts';

/** Says to the fake server which step a request belongs to. */
const stepHeader = 'golden-step';

const recordings = loadRecordings();
const steps = new Map(
  recordings.flatMap((recording) => recording.steps.filter(isRequest).map((step) => [step.id, step] as const)),
);

/** Answers with the recordings themselves, with values of its own for ids; nothing ever runs on it. */
function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume();
  const step = steps.get(String(request.headers[stepHeader] ?? ''));
  if (step === undefined) {
    response.end('[]');
    return;
  }
  response.statusCode = step.status;
  const headers = {
    'content-type': step.type,
    'x-total-count': step.total,
    location: step.location,
    'access-control-allow-origin': step.allowOrigin,
    allow: step.allow,
  };
  for (const [name, value] of Object.entries(headers)) if (value !== null) response.setHeader(name, value);
  const base = `http://${request.headers.host}`;
  response.end(step.response.replaceAll('{{api}}', base).replaceAll(/17952(\d{14})/g, '18000$1'));
}

describe('the player, against a server that answers with the recordings', () => {
  const server = http.createServer(answer);
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  /** Waits are left out: nothing happens in the background here. */
  const withoutWaits = (recording: Recording): Recording => ({
    part: recording.part,
    steps: recording.steps.filter(isRequest),
  });

  it.each(recordings)('plays $part', async (recording) => {
    const sent: OutgoingRequest[] = [];
    const reported: string[] = [];
    await play(withoutWaits(recording), {
      url: `http://127.0.0.1:${port}`,
      send: (request) => {
        sent.push(request);
        const headers = { ...request.headers, [stepHeader]: request.id ?? '' };
        return sendOverHttp(port, { ...request, headers });
      },
      expected: (step) => step,
      report: (step, actual) => {
        reported.push(step.id);
        expect(compare(step, actual), step.id).toEqual([]);
      },
    });
    const compared = recording.steps.filter(isRequest).filter((step) => step.setup !== true);
    expect(new Set(reported)).toEqual(new Set(compared.map((step) => step.id)));
    for (const request of sent) expect(`${request.path} ${request.body}`).not.toContain('{{');
  });
});

const plain: Answer = {
  status: 200,
  type: null,
  total: null,
  location: null,
  allowOrigin: null,
  allow: null,
  response: '',
};

const request = (step: number, fields: Partial<RequestStep>): RequestStep => ({
  ...plain,
  id: `made-0.${step}`,
  case: 0,
  step,
  method: 'GET',
  path: '/',
  ...fields,
});

/** Plays steps on a server that is a function; returns what went out and what was reported. */
async function playSteps(
  made: readonly Step[],
  respond: (request: OutgoingRequest, count: number) => Partial<Answer>,
): Promise<{ sent: OutgoingRequest[]; reported: string[] }> {
  const sent: OutgoingRequest[] = [];
  const reported: string[] = [];
  await play(
    { part: 'made', steps: made },
    {
      url: 'http://server',
      send: (outgoing) => {
        sent.push(outgoing);
        return Promise.resolve({ ...plain, ...respond(outgoing, sent.length) });
      },
      expected: (step) => step,
      report: (step, actual) => reported.push(`${step.id} ${actual.response}`),
    },
  );
  return { sent, reported };
}

describe('the rules of the recordings', () => {
  it('puts saved values and the base URL into later requests', async () => {
    const { sent } = await playSteps(
      [
        request(0, { path: '/list', save: { exec: '0.id' } }),
        request(1, { method: 'POST', path: '/x/{{exec}}', body: '{"url":"{{api}}/{{exec}}"}' }),
      ],
      () => ({ response: '[{"id":"17-n0"}]' }),
    );
    expect(sent[1]).toMatchObject({
      path: '/x/17-n0',
      body: '{"url":"http://server/17-n0"}',
      headers: { 'content-type': 'application/json' },
    });
  });

  it('waits for the end of a run before the next step', async () => {
    const busy = '[{"job_name":"a"}]';
    const running = '[{"finished_at":"0001-01-01T00:00:00Z"}]';
    const { sent, reported } = await playSteps(
      [request(0, { method: 'POST', path: '/v1/jobs/a/run' }), request(1, { path: '/after' })],
      (outgoing, count) => {
        if (outgoing.path === '/v1/busy') return { response: count < 4 ? busy : '[]' };
        return { response: count < 7 ? running : '[]' };
      },
    );
    expect(reported.map((line) => line.split(' ')[0])).toEqual(['made-0.0', 'made-0.1']);
    expect(sent.map((outgoing) => outgoing.path)).toEqual([
      '/v1/jobs/a/run',
      '/v1/busy',
      '/v1/busy',
      '/v1/busy',
      '/v1/jobs/a/executions?output_size_limit=0',
      '/v1/busy',
      '/v1/jobs/a/executions?output_size_limit=0',
      '/after',
    ]);
  });

  it("reports a nowait step's answer after the case, without holding up the others", async () => {
    const { reported } = await playSteps(
      [request(0, { method: 'POST', path: '/v1/jobs/a', nowait: true }), request(1, { path: '/next' })],
      () => ({}),
    );
    expect(reported).toEqual(['made-0.1 ', 'made-0.0 ']);
  });

  it('sends a setup step and does not report it', async () => {
    const { sent, reported } = await playSteps([request(0, { setup: true, path: '/s' })], () => ({}));
    expect(sent).toHaveLength(1);
    expect(reported).toEqual([]);
  });

  it('ends a wait when the answers became the expected ones', async () => {
    const made = [{ case: 0, step: 0, wait: 3_600_000 }, request(1, { path: '/list', response: 'done' })];
    const { sent, reported } = await playSteps(made, (_outgoing, count) => ({ response: count < 3 ? '' : 'done' }));
    expect(reported).toEqual(['made-0.1 done']);
    expect(sent).toHaveLength(4);
  });

  it('lets the whole wait pass when nothing is to happen, and then sees what did', async () => {
    const made = [{ case: 0, step: 0, wait: 150 }, request(1, { path: '/list', response: 'none' })];
    let last = 0;
    const { reported } = await playSteps(made, (_outgoing, count) => {
      last = count;
      return { response: 'none' };
    });
    expect(reported).toEqual(['made-0.1 none']);
    expect(last).toBeGreaterThan(2);
  });
});
