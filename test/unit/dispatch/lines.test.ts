import { expect, it } from 'vitest';
import { DispatcherCore } from '../../../src/core/dispatch/dispatcher.ts';
import type { Effect, Now } from '../../../src/core/dispatch/in-flight.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { epoch, jobName, monoMs, term, wallNs } from '../../../src/core/units.ts';
import { executionStart } from '../../support/execution-start.ts';
import { NODE, StateHarness, T0 } from '../../support/state-harness.ts';

const now: Now = { wallNs: wallNs(BigInt(T0) * 1_000_000n), monoMs: monoMs(1_000) };

/** Applies what is proposed, and tells the dispatcher, until it proposes nothing more. Returns how many commands it took. */
function settle(core: DispatcherCore, state: StateHarness, out: Effect[]): number {
  for (let commands = 0; commands < 20; commands += 1) {
    core.tick(now, out);
    const index = out.findIndex(({ type }) => type === 'propose');
    const [effect] = index < 0 ? [] : out.splice(index, 1);
    if (effect?.type !== 'propose') return commands;
    const before = state.changes.length;
    state.apply(effect.command);
    core.changed(now, state.changes.slice(before), out);
    core.proposalEnded(now, effect.proposal, { type: 'done' }, out);
  }
  return 20;
}

it('lets what waits for its job and what waits for its node not change places for ever', () => {
  const state = new StateHarness();
  state.setJob('few', { maxExecutions: 2 });
  for (let run = 0; run < 4; run += 1) state.run('few');
  const open: ExecutionStart[] = state
    .running('few')
    .map(({ stamp, group, node }) => executionStart(stamp, { job: jobName('few'), group, node, epoch: epoch(1) }));
  const work = state.changesOf('workOpened');
  expect([open.length, work.length]).toEqual([2, 2]);
  const core = new DispatcherCore({ below: () => 0 });
  const out: Effect[] = [];
  core.setWorkers([{ node: NODE, epoch: epoch(1), tags: {}, maxExecutions: 3 }], 0, out);
  core.begin(now, term(5), open, work, out);
  core.reported(
    now,
    {
      node: NODE,
      epoch: epoch(1),
      sameBoot: true,
      journalSince: epoch(1),
      running: open.map(({ id }) => id),
      finished: [],
      interrupted: [],
    },
    out,
  );
  expect(settle(core, state, out)).toBe(1);
  const waits: unknown[] = [];
  state.reader.eachWork((item) => waits.push(item.waits?.for));
  expect(waits).toEqual(['job', 'job']);
});
