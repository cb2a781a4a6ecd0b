import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnswerStream, Exchange } from '../../../src/api/http.ts';
import type { Terminal } from '../../../src/cli/types.ts';
import { noTerminal } from '../../support/cli.ts';
import { HttpApi } from '../../support/http-api.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

let api: HttpApi;
/** Requests for followed outputs, answered by the test. */
let follow: (stream: AnswerStream, from: number, tries: number) => void;
/** Answers to stops, by the id of the execution. */
let stops: (id: string, waits: boolean) => readonly [status: number, body: string, error: string];

beforeEach(async () => {
  api = await HttpApi.start();
  api.create({ name: 'a', executor_config: { command: 'echo one' } });
  let tries = 0;
  const served = api.harness.api.handle.bind(api.harness.api);
  api.harness.api.handle = (exchange: Exchange) => {
    const { target } = exchange.request;
    const from = /\/output\?follow&from=(\d+)$/.exec(target);
    const stop = /\/executions\/([^/]+)\/stop(\?wait)?$/.exec(target);
    if (from !== null) {
      tries += 1;
      follow(exchange.stream({ status: 200, headers: [] }), Number(from[1]), tries);
    } else if (stop !== null) {
      const [status, body, error] = stops(stop[1] ?? '', stop[2] !== undefined);
      exchange.answer({ status, headers: error === '' ? [] : [['Carillon-Error', error]], body });
    } else served(exchange);
  };
});
afterEach(() => api.close());

const run = (): Promise<unknown> => api.cli(['jobs', 'run', 'a']);

async function ids(): Promise<readonly string[]> {
  const { out } = await api.cli(['executions', 'list', 'a', '--json']);
  return JSON.parse(out).map(({ id }: { id: string }) => id);
}

/** The stream's end comes with the execution's. */
function endWith(stream: AnswerStream, text: string): void {
  stream.write(encode(text));
  api.harness.runToEnd();
  stream.end();
}

describe('carillon executions logs -f', () => {
  it('shows what the running execution writes, and ends with it', async () => {
    await run();
    follow = (stream) => endWith(stream, 'one\ntwo');
    const { exitCode, out, error } = await api.cli(['executions', 'logs', '-f', 'a']);
    expect([exitCode, out, error]).toEqual([0, 'one\ntwo', '']);
  });

  it('tells by the exit code that it failed', async () => {
    api.create({ name: 'a', executor_config: { command: 'false' } });
    await run();
    follow = (stream) => endWith(stream, '');
    const [id] = await ids();
    const { exitCode, error } = await api.cli(['executions', 'logs', '-f', 'a']);
    expect([exitCode, error]).toEqual([5, `Error: execution ${id} failed\n`]);
  });

  it('waits for the next execution when none runs, and shows it even if it was over in no time', async () => {
    await run();
    api.harness.runToEnd();
    follow = (stream) => endWith(stream, 'next\n');
    let lists = 0;
    api.intercept = ({ request }) => {
      if (!request.target.includes('/executions?')) return false;
      lists += 1;
      if (lists === 3) api.harness.send('POST', '/v1/jobs/a/run');
      return false;
    };
    const { exitCode, out, error } = await api.cli(['executions', 'logs', '-f', 'a']);
    expect([exitCode, out]).toEqual([0, 'next\n']);
    expect(error).toBe("a doesn't run now; waiting until it does (Ctrl-C ends the waiting)\n");
  });

  it('goes on where it was after a lost connection, and counts what was skipped', async () => {
    await run();
    const asked: number[] = [];
    follow = (stream, from, tries) => {
      asked.push(from);
      if (tries === 1) {
        stream.write(encode('one\n[carillon: 1000 bytes were skipped]\n'));
        setImmediate(() => stream.cut());
      } else endWith(stream, 'two\n');
    };
    const { exitCode, out, error } = await api.cli(['executions', 'logs', '-f', 'a']);
    expect([exitCode, out]).toEqual([0, 'one\n[carillon: 1000 bytes were skipped]\ntwo\n']);
    expect(error).toBe('The connection was lost; trying to go on where it was\n');
    expect(asked).toEqual([0, 1004]);
  });

  it('goes on after a lost connection before the first byte', async () => {
    await run();
    follow = (stream, from, tries) => {
      if (tries < 3) setImmediate(() => stream.cut());
      else endWith(stream, `from ${from}\n`);
    };
    const { exitCode, out, error } = await api.cli(['executions', 'logs', '-f', 'a']);
    expect([exitCode, out]).toEqual([0, 'from 0\n']);
    expect(error).toBe('The connection was lost; trying to go on where it was\n');
  });

  it('asks again when the stream ended before the execution did', async () => {
    await run();
    follow = (stream, from, tries) => {
      if (tries < 3) stream.end();
      else endWith(stream, `from ${from}\n`);
    };
    expect(await api.cli(['executions', 'logs', '-f', 'a'])).toMatchObject({ exitCode: 0, out: 'from 0\n' });
  });

  it('ends cleanly at Ctrl-C, without knowing how it went', async () => {
    await run();
    let interrupt: () => void = () => undefined;
    const terminal: Terminal = {
      ...noTerminal,
      onInterrupt: (listener) => {
        interrupt = listener;
        return () => undefined;
      },
    };
    follow = (stream) => {
      stream.write(encode('one\n'));
      setImmediate(() => interrupt());
    };
    const { exitCode, error } = await api.cli(['executions', 'logs', '-f', 'a'], terminal);
    expect([exitCode, error]).toEqual([130, '']);
  });

  it('refuses what can not be', async () => {
    follow = (stream) => stream.end();
    expect((await api.cli(['executions', 'logs', '-f', 'a', '--json'])).exitCode).toBe(1);
    expect((await api.cli(['executions', 'logs', '-f', 'nobody'])).exitCode).toBe(2);
    expect((await api.cli(['executions', 'logs', '-f', 'a', '1-x'])).exitCode).toBe(2);
  });
});

describe('carillon executions stop', () => {
  beforeEach(() => {
    stops = (id, waits) => [waits ? 200 : 202, JSON.stringify({ id }), ''];
  });

  it('stops the only one that runs, or the one that is named', async () => {
    await run();
    const [id = ''] = await ids();
    expect(await api.cli(['executions', 'stop', 'a'])).toMatchObject({ exitCode: 0, out: `${id} is being stopped\n` });
    const waited = await api.cli(['executions', 'stop', 'a', id, '--wait']);
    expect([waited.exitCode, waited.out]).toEqual([0, `${id} was stopped\n`]);
    expect((await api.cli(['executions', 'stop', 'a', id, '--json'])).out).toBe(`{"id":"${id}"}\n`);
    expect(api.requests.filter((request) => request.includes('/stop'))).toHaveLength(3);
  });

  it('does not choose between two, but stops all when told to', async () => {
    await run();
    await run();
    const [newer, older] = await ids();
    const unclear = await api.cli(['executions', 'stop', 'a']);
    expect([unclear.exitCode, unclear.out]).toEqual([1, '']);
    expect(unclear.error).toContain(`name one, or give --all\n  ${newer}\n  ${older}\n`);
    stops = (id) => (id === older ? [409, '', 'execution_ended; x'] : [202, '{}', '']);
    const all = await api.cli(['executions', 'stop', 'a', '--all']);
    expect([all.exitCode, all.out]).toEqual([0, `${newer} is being stopped\n${older} had ended already\n`]);
  });

  it('says when there is nothing to stop', async () => {
    const none = await api.cli(['executions', 'stop', 'a']);
    expect([none.exitCode, none.error]).toEqual([2, 'Error: nothing of job a runs\n']);
    stops = () => [409, '', 'execution_ended; the execution has ended'];
    const [ended] = [await api.cli(['executions', 'stop', 'a', '1-n0'])];
    expect([ended.exitCode, ended.error]).toEqual([3, expect.stringContaining('the execution has ended')]);
    expect((await api.cli(['executions', 'stop', 'nobody'])).exitCode).toBe(2);
    expect((await api.cli(['executions', 'stop', 'a', '1-n0', '--all'])).exitCode).toBe(1);
  });
});

describe('carillon jobs run --wait', () => {
  it('tells how its own launch went, whatever another one of the job did meanwhile', async () => {
    api.create({ name: 'a', executor_config: { command: 'false' } });
    api.intercept = ({ request }) => {
      if (request.target.includes('?wait')) {
        setImmediate(() => {
          api.harness.runToEnd();
          api.create({ name: 'a', executor_config: { command: 'true' } });
          api.harness.send('POST', '/v1/jobs/a/run');
          api.harness.runToEnd();
        });
      }
      return false;
    };
    expect((await api.cli(['jobs', 'run', 'a', '--wait'])).exitCode).toBe(5);
  });

  it('is no success when nothing ran, whatever the run before it was', async () => {
    await run();
    api.harness.runToEnd();
    api.intercept = ({ request }) => {
      if (request.target.includes('?wait')) setImmediate(() => api.harness.runToEnd());
      if (request.target.includes('/executions?')) api.harness.send('DELETE', '/v1/jobs/a/executions');
      return false;
    };
    const { exitCode, error } = await api.cli(['jobs', 'run', 'a', '--wait']);
    expect([exitCode, error]).toEqual([5, expect.stringContaining('a was not run after all')]);
  });
});
