/**
 * Every bound of the system, with its reason (design P7). A limit that a user can meet is documented in
 * docs/operations.md and answered with an error that names it.
 */
export const limits = {
  /** LMDB keys end at 1,978 bytes and index keys hold a name beside a sort key: names are far below. */
  jobNameBytes: 512,
  /** Sort keys longer than this are cut: two such jobs order by name. */
  sortKeyBytes: 256,
  /** Dkron keeps 100 executions a job (dkron-v4 section 11). */
  executionsPerJob: 100,
  /** Missed and skipped records kept per job, oldest dropped first. */
  notesPerJob: 100,
  /** Dkron's ring buffer: the last bytes of output that are kept (dkron-v4 section 11). */
  outputBytes: 256_000,
  /** Larger bodies answer 413: a job of 1 MiB is beyond any sane definition. */
  requestBodyBytes: 1 << 20,
  /** A backup of 100,000 jobs is about 60 MB; restore streams no further than this. */
  restoreBodyBytes: 256 << 20,
  /** Deeper JSON answers 400; Go's decoder stops at 10,000. */
  jsonDepth: 10_000,
  /** Results remembered per proposer, so that a command sent twice happens once (P5). */
  rememberedResultsPerOrigin: 1_024,
  /** Attempts of one launch, reruns after `lost` included. */
  attemptsPerLaunch: 1_000,
  /** Due times launched late at most, per job and catch-up (P1). */
  catchupCap: 100,
  catchupWindowMs: 60_000,
  /** Entries in one append: bounds a flush and a message. */
  entriesPerAppend: 1_024,
  bytesPerAppend: 8 << 20,
  /** Proposed and not yet committed; beyond, proposals are refused (bounded uncommitted log). */
  uncommittedBytes: 64 << 20,
  uncommittedEntries: 65_536,
  /** Committed and not yet applied entries in flight from log to state. */
  unappliedEntries: 8_192,
  /** Messages per batch between threads (measured-facts 2). */
  messagesPerBatch: 256,
  /** A configuration file of 20 kB is a long one. */
  configFileBytes: 1 << 20,
  /** A node's name is part of each execution's id, and of keys. */
  nodeNameBytes: 128,
  /** The most that `--output-limit` may ask for: an end with its output fits one append. */
  outputLimitBytes: 4 << 20,
  /** Messages in flight from one thread to one actor whose policy isn't `credit`: 450 bytes each outside the heap. */
  messagesInFlight: 16_384,
  /** Messages that wait in a sender for one actor that takes no more; the next one is a dead letter. */
  outboxMessages: 65_536,
  /** Unanswered asks of one actor; the next one ends as `rejected`. */
  asksPerActor: 65_536,
  /** An actor that isn't ready by then has failed to start; opening a large store takes seconds. */
  actorStartMs: 60_000,
  /** Names in each table of the shared metrics, and bytes of one name: 100 KiB in all. */
  metricSlots: 512,
  metricNameBytes: 120,
} as const;
