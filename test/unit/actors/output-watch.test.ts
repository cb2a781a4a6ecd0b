import { beforeEach, describe, expect, it } from 'vitest';
import { OutputWatch } from '../../../actors/scheduling/dispatcher/output-watch.ts';
import type { DispatcherCommand, OutputEvent } from '../../../actors/scheduling/dispatcher/protocol.ts';
import type { OutputPart } from '../../../src/core/dispatch/live-output.ts';
import { executionStart } from '../../../src/core/jobs/apply-launch.ts';
import type { ExecutionStart } from '../../../src/core/jobs/changes.ts';
import { type ExecutionId, nodeName } from '../../../src/core/units.ts';
import { localRef } from '../../../src/runtime/types.ts';
import { ActorHarness } from '../../support/fake-context.ts';
import { StateHarness } from '../../support/state-harness.ts';

const api = localRef<OutputEvent>('api');
const other = localRef<OutputEvent>('other');

describe('who watches outputs', () => {
  let harness: ActorHarness<DispatcherCommand>;
  let open: Map<ExecutionId, ExecutionStart>;
  let watch: OutputWatch;
  let start: ExecutionStart;

  beforeEach(() => {
    const state = new StateHarness();
    state.setJob('a');
    state.launch('a', 10_000);
    const [running] = state.running('a');
    if (running === undefined) throw new Error('nothing runs');
    start = executionStart(state.job('a'), running);
    open = new Map([[start.id, start]]);
    harness = new ActorHarness('dispatcher');
    watch = new OutputWatch({
      context: harness.context,
      executor: () => localRef('executor'),
      open: (id) => open.get(id),
    });
  });

  const part = (kind: OutputPart['part']): OutputPart => ({
    type: 'outputChunk',
    id: start.id,
    part: kind,
    offset: 0,
    chunk: new Uint8Array([1]),
    closing: new Uint8Array(0),
  });
  /** Who was told of a part of this kind. */
  const toldOf = (kind: OutputPart['part']): string[] => {
    harness.takeMessages();
    watch.arrived(part(kind));
    return harness.sent.splice(0).map(({ to }) => to.actor);
  };
  const toldExecutor = (): unknown[] => harness.takeMessages();

  it('gets what it follows, and no more when it does not', () => {
    expect(toldOf('live')).toEqual([]);
    watch.wished({ type: 'followOutput', id: start.id, watcher: api });
    watch.wished({ type: 'followOutput', id: start.id, watcher: other });
    expect(toldExecutor()).toEqual([
      { type: 'watchOutput', id: start.id },
      { type: 'watchOutput', id: start.id },
    ]);
    expect(toldOf('soFar')).toEqual(['api', 'other']);
    watch.wished({ type: 'unfollowOutput', id: start.id, watcher: api });
    watch.wished({ type: 'unfollowOutput', id: start.id, watcher: api });
    expect(toldOf('last')).toEqual(['other']);
    open.clear();
    expect(toldOf('last')).toEqual([]);
  });

  it('who listens to all gets each part once, but not what others had missed', () => {
    watch.reported(nodeName('n0'));
    watch.wished({ type: 'followAllOutput', isWanted: true, watcher: api });
    watch.wished({ type: 'followOutput', id: start.id, watcher: api });
    expect(toldExecutor()).toEqual([
      { type: 'watchAllOutput', isWanted: true },
      { type: 'watchOutput', id: start.id },
    ]);
    expect(toldOf('live')).toEqual(['api']);
    watch.wished({ type: 'unfollowOutput', id: start.id, watcher: api });
    expect([toldOf('soFar'), toldOf('last')]).toEqual([[], ['api']]);
    watch.wished({ type: 'followAllOutput', isWanted: false, watcher: api });
    expect(toldExecutor()).toEqual([{ type: 'watchAllOutput', isWanted: false }]);
    expect(toldOf('live')).toEqual([]);
  });

  it('tells a node that has reported anew what is wanted of it', () => {
    watch.wished({ type: 'followOutput', id: start.id, watcher: api });
    watch.wished({ type: 'followAllOutput', isWanted: true, watcher: api });
    toldExecutor();
    watch.reported(nodeName('n9'));
    expect(toldExecutor()).toEqual([{ type: 'watchAllOutput', isWanted: true }]);
    watch.reported(nodeName('n0'));
    expect(toldExecutor()).toEqual([
      { type: 'watchAllOutput', isWanted: true },
      { type: 'watchOutput', id: start.id },
    ]);
  });

  it('may come before the dispatcher knows of the execution', () => {
    open.clear();
    watch.wished({ type: 'followOutput', id: start.id, watcher: api });
    expect(toldExecutor()).toEqual([]);
    open.set(start.id, start);
    watch.opened(start.id);
    watch.opened('9-n0' as ExecutionId);
    expect(toldExecutor()).toEqual([{ type: 'watchOutput', id: start.id }]);
  });
});
