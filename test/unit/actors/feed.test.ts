import { describe, expect, it } from 'vitest';
import { Feed } from '../../../actors/cluster/log/feed.ts';
import type { LogEvent } from '../../../actors/cluster/log/protocol.ts';
import { limits } from '../../../src/core/limits.ts';
import { logIndex } from '../../../src/core/units.ts';
import { localRef } from '../../../src/runtime/types.ts';

const feedAfter = (index: number): Feed => new Feed(localRef<LogEvent>('state'), logIndex(index));

describe('the feed of a follower', () => {
  it('gives what is committed, in order, and no more than one append at once', () => {
    const feed = feedAfter(3);
    expect(feed.next(logIndex(3))).toBeNull();
    expect(feed.next(logIndex(5))).toMatchObject({ from: 4, to: 5 });
    expect(feed.next(logIndex(100_000))).toMatchObject({ from: 4, to: 3 + limits.entriesPerAppend });
  });

  it('goes on behind what a follower that asked again had from the feed before', () => {
    const feed = feedAfter(250);
    feed.applied(logIndex(263));
    feed.check();
    expect(feed.next(logIndex(263))).toBeNull();
    expect(feed.next(logIndex(264))).toMatchObject({ from: 264, to: 264 });
  });
});
