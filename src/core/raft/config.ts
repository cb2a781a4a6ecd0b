/** Times are those of the local network times Dkron's `--raft-multiplier`; the core reads them, it has no defaults. */
export interface RaftConfig {
  /**
   * A follower that hears nothing for a random time in [this, twice this) calls an election; a leader that hears no
   * quorum for this long steps down; a voter that heard its leader within it grants nothing (thesis section 4.2.3).
   */
  readonly electionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Most entries and payload bytes in one message; a single larger entry goes alone. */
  readonly entriesPerMessage: number;
  readonly bytesPerMessage: number;
  /** Most unacknowledged messages and payload bytes to one follower. */
  readonly inflightMessages: number;
  readonly inflightBytes: number;
  /** Beyond either, proposals are refused, not buffered. */
  readonly uncommittedEntries: number;
  readonly uncommittedBytes: number;
  /** Newest entries that stay in memory for followers that keep up; older ones are read back. */
  readonly cachedEntries: number;
  readonly cachedBytes: number;
  /** Most reads that wait for their round. */
  readonly pendingReads: number;
}
