import { limits } from '../../../src/core/limits.ts';
import type { RaftConfig } from '../../../src/core/raft/config.ts';

/** Times as design section 6, before Dkron's multiplier. */
export const raftConfig: RaftConfig = {
  electionTimeoutMs: 250,
  heartbeatMs: 50,
  entriesPerMessage: limits.entriesPerAppend,
  bytesPerMessage: limits.bytesPerAppend,
  inflightMessages: limits.appendsInFlight,
  inflightBytes: limits.appendBytesInFlight,
  uncommittedEntries: limits.uncommittedEntries,
  uncommittedBytes: limits.uncommittedBytes,
  cachedEntries: limits.cachedEntries,
  cachedBytes: limits.cachedBytes,
  pendingReads: limits.pendingReads,
};
