import { describe, expect, it } from 'vitest';
import type { OpenExecution, WorkerReport } from '../../../src/core/dispatch/in-flight.ts';
import { judgeReport } from '../../../src/core/dispatch/worker-report.ts';
import { epoch, executionId, nodeName, stamp, wallNs } from '../../../src/core/units.ts';
import { executionStart } from '../../support/execution-start.ts';

const node = nodeName('n0');
const id = executionId(stamp(1n), node);

const execution = (life: number, fields: Partial<OpenExecution> = {}): OpenExecution => ({
  start: executionStart(1n, { epoch: epoch(life) }),
  phase: 'starting',
  mayBeSent: true,
  movingTo: null,
  sentAtMs: null,
  leasedAtMs: 0,
  stopSentAtMs: null,
  startedAtNs: wallNs(7n),
  latestOutput: new Uint8Array(),
  ended: null,
  ...fields,
});

const report = (fields: Partial<WorkerReport> = {}): WorkerReport => ({
  node,
  epoch: epoch(9),
  sameBoot: true,
  journalSince: epoch(5),
  running: [],
  finished: [],
  interrupted: [],
  ...fields,
});

const verdict = (of: OpenExecution, by: WorkerReport) => judgeReport(by)(of);

describe('what a worker says of an execution of an earlier life (P2)', () => {
  it('its journal is silent: it certainly never started', () => {
    expect(verdict(execution(8), report())).toEqual({ type: 'again' });
    expect(verdict(execution(5), report())).toEqual({ type: 'again' });
  });

  it('it was assigned before the journal was made: nobody knows, in every life after the wipe', () => {
    const lost = { type: 'lost', startedAtNs: 7n, why: "may have been running before its node's journal begins" };
    expect(verdict(execution(4), report())).toEqual(lost);
    expect(verdict(execution(4), report({ epoch: epoch(12) }))).toEqual(lost);
    expect(verdict(execution(4), report({ sameBoot: false }))).toMatchObject({ type: 'lost' });
  });

  it('it was assigned to a life that the node has not reached again since its clock went back', () => {
    expect(verdict(execution(10), report())).toMatchObject({ type: 'lost' });
  });

  it('the machine was booted between: nobody knows', () => {
    const why = 'may have been running when its machine was restarted';
    expect(verdict(execution(8), report({ sameBoot: false }))).toEqual({ type: 'lost', startedAtNs: 7n, why });
  });

  it('it was never sent: then it never started, whatever happened to journal and machine', () => {
    const unsent = execution(4, { mayBeSent: false });
    expect(verdict(unsent, report({ sameBoot: false }))).toEqual({ type: 'again' });
  });

  it('it is being assigned to this life already, or was to one that is over too', () => {
    expect(verdict(execution(8, { movingTo: epoch(9) }), report())).toEqual({ type: 'settled' });
    expect(verdict(execution(7, { movingTo: epoch(8) }), report({ sameBoot: false }))).toEqual({ type: 'again' });
  });
});

describe('what a worker says of an execution of this life', () => {
  it.each([
    ['its start has not arrived', execution(9), {}, 'send'],
    ['it runs', execution(9), { running: [id] }, 'runs'],
    ['it has ended', execution(9), { finished: [id] }, 'settled'],
    ['its end is on its way', execution(9, { phase: 'ending' }), {}, 'settled'],
    ['it ran and is forgotten: its end is committed', execution(9, { phase: 'running' }), {}, 'settled'],
  ])('%s', (_, of, fields, type) => {
    expect(verdict(of, report(fields))).toEqual({ type });
  });
});
