import { describe, expect, it } from 'vitest';
import { TurnBudget } from '../../../src/api/turn-budget.ts';
import { limits } from '../../../src/core/limits.ts';
import { monoMs } from '../../../src/core/units.ts';
import { ApiHarness, header } from '../../support/api-harness.ts';

describe('requests of one turn', () => {
  const few = limits.requestsPerTurn;
  const admitted = (budget: TurnBudget, count: number, nowMs: number): number =>
    Array.from({ length: count }, () => budget.admits(monoMs(nowMs))).filter(Boolean).length;

  it('are all served while the turn is short', () => {
    const budget = new TurnBudget();
    expect(admitted(budget, 10_000, 7)).toBe(10_000);
    expect(admitted(budget, 10_000, 7 + limits.requestTurnMs)).toBe(10_000);
  });

  it('are refused once there were many and the turn is long; the next turn begins anew', () => {
    const budget = new TurnBudget();
    expect(admitted(budget, few, 7)).toBe(few);
    expect(admitted(budget, 5, 8 + limits.requestTurnMs)).toBe(0);
    budget.turnEnded();
    expect(admitted(budget, 5, 9 + limits.requestTurnMs)).toBe(5);
  });

  it('are served, if they are few, however long it takes', () => {
    const budget = new TurnBudget();
    expect(admitted(budget, 1, 7)).toBe(1);
    expect(admitted(budget, few, 60_000)).toBe(few - 1);
  });
});

describe('an API without room', () => {
  it('says when to come back, and still answers those who watch over the node', () => {
    const api = new ApiHarness();
    api.state.setJob('a');
    api.hasRoom = false;
    for (const target of ['/v1/jobs', '/v1/jobs/a', '/v1/events']) {
      const answer = api.send('GET', target);
      expect([answer.status, header(answer, 'Retry-After'), answer.body]).toEqual([503, '1', '']);
      expect(header(answer, 'Carillon-Error')).toMatch(/^overloaded; /);
    }
    expect(api.send('POST', '/v1/jobs', { body: '{"name":"b","schedule":"@manually"}' }).status).toBe(503);
    const vital = ['GET /health', 'GET /health/ready', 'GET /metrics', 'POST /v1/pause', 'POST /v1/leave'];
    for (const route of vital) {
      const [method = '', target = ''] = route.split(' ');
      expect(api.send(method, target).status, route).toBe(200);
    }
    api.hasRoom = true;
    expect(api.send('GET', '/v1/jobs/a').status).toBe(200);
  });
});
