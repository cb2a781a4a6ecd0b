import { STATUS_CODES } from 'node:http';
import type { Pool } from 'undici';
import { assert } from '../../src/core/assert.ts';
import { type ConstantAnswer, startConstantServer } from '../baselines/constant-server.ts';
import type { Scope } from '../frame/scope.ts';
import type { Case, Contender } from '../frame/suite.ts';
import { closedLoop } from './closed-loop.ts';
import { type Answer, type Ask, ask, openPool } from './http.ts';

/** Headers that uWebSockets.js adds by itself, also in the bare server. */
const addedByServer = new Set(['date', 'uwebsockets', 'content-length', 'connection', 'transfer-encoding']);

/** One kind of requests. */
export interface Subject extends Pick<Case, 'name' | 'unit'> {
  readonly connections: number;
  readonly count: number;
  /** A new one at each call. */
  readonly next: () => Ask;
  readonly isRight: (answer: Answer) => boolean;
  /** Beside the bare server, which is the first. */
  readonly baselines?: readonly Contender[];
  readonly judge: NonNullable<Case['judge']>;
}

/** Requests to a node, against a bare server that sends the same bodies and headers. */
export async function requestCases(
  scope: Scope,
  nodeUrl: string,
  subjects: readonly Subject[],
): Promise<readonly Case[]> {
  const pool = openPool(scope, nodeUrl, 1);
  const examples: ConstantAnswer[] = [];
  for (const { next } of subjects) examples.push(await exampleOf(pool, next(), `/answer${examples.length}`));
  const { url: bareUrl } = await startConstantServer(scope, examples);
  return subjects.map((subject, index) => {
    const barePath = examples[index]?.path ?? '';
    const atBareServer = (question: Ask): Ask => ({ ...question, path: barePath });
    const { name, unit, connections, judge, baselines = [] } = subject;
    return {
      type: 'case',
      name: `${name}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
      unit,
      ours: client(subject, 'node', openPool(scope, nodeUrl, connections), (question) => question),
      baselines: [client(subject, 'bare server', openPool(scope, bareUrl, connections), atBareServer), ...baselines],
      judge,
    };
  });
}

function client(subject: Subject, name: string, pool: Pool, adapt: (question: Ask) => Ask): Contender {
  const { connections, count, next, isRight } = subject;
  return {
    name,
    run: () =>
      closedLoop(connections, count, async () => {
        const question = adapt(next());
        assert(isRight(await ask(pool, question)), 'the answer is the one that was asked for');
      }),
  };
}

/** What the bare server is to send: an answer of the node. */
async function exampleOf(pool: Pool, question: Ask, path: string): Promise<ConstantAnswer> {
  const { headers, body } = await ask(pool, question);
  const sent = Object.entries(headers).filter(([name]) => !addedByServer.has(name));
  return {
    path,
    status: `${question.status} ${STATUS_CODES[question.status]}`,
    headers: sent.map(([name, value]) => [name, String(value)]),
    body,
  };
}
