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
  /** The most that a job's `retention.count` may ask for: a list of them is read at once. */
  executionsPerJobMost: 10_000,
  /** Executions that one command drops, with their outputs: measured, 10 ms to apply and 30 ms to commit. */
  executionsPerPrune: 1_000,
  /** Histories that the leader looks at in one turn, a turn a second: some milliseconds. */
  historiesPerLook: 256,
  /** Output bytes in one list of executions: those of 100 at their default limit, as Dkron lists them, and some. */
  listedOutputBytes: 32 << 20,
  /** The least `retention.age`: what is shorter would hide an end from whoever waits for it. */
  retentionAgeLeastMs: 1_000,
  /** Missed and skipped records kept per job, oldest dropped first. */
  notesPerJob: 100,
  /** Dkron's ring buffer: the last bytes of output that are kept (dkron-v4 section 11). */
  outputBytes: 256_000,
  /** Larger bodies answer 413: a job of 1 MiB is beyond any sane definition. */
  requestBodyBytes: 1 << 20,
  /** Headers of one request, gathered outside of any budget: tokens of some kilobytes are common, more is not. */
  requestHeaderBytes: 64 << 10,
  /** A backup of 100,000 jobs is about 60 MB; restore streams no further than this. */
  restoreBodyBytes: 256 << 20,
  /** A frame of a backup: an execution with its output. What is declared longer is damage. */
  backupFrameBytes: 8 << 20,
  /** Backups in the making: each keeps space of the state's store from being used again. */
  backupsAtOnce: 2,
  /** A backup whose client takes nothing for this long is cut off, and so is one that takes this long in all. */
  backupStallMs: 30_000,
  backupMs: 3_600_000,
  /** Records of a backup in one command of the log: checking the jobs among them takes the API's thread some milliseconds. */
  importedPerCommand: 128,
  /** Such commands of one restore that wait for their commit: the next one is made while others are applied. */
  importsInFlight: 8,
  /** Request bodies held in memory at once, over all connections: beyond, a request is answered 503. */
  bufferedBodyBytes: 512 << 20,
  /** Read and thrown away behind an answer of 413 to a body without a length; then its connection is closed. */
  discardedBodyBytes: 64 << 20,
  /** Connections to the API: its clients of events, and as many again; fewer where the process may open few files. */
  connections: 16_384,
  /** Files left for stores and jobs: a quarter of what the process may open, within these. */
  otherFilesLeast: 256,
  otherFilesMost: 4_096,
  /** Requests served in one turn of the event loop whatever it takes; beyond, only as long as it has not taken `requestTurnMs`. */
  requestsPerTurn: 64,
  requestTurnMs: 100,
  /** Changes of clients on their way through log and state at once, where launches wait behind them: so many always, */
  writesAtOnceLeast: 16,
  /** so many while each takes less than `writeDelayMs`: measured, they saturate the state's thread, */
  writesAtOnceMost: 256,
  writeDelayMs: 20,
  /** so many wait until others have ended, each with its job; and so long: a client has given up by then. */
  writesWaiting: 1_024,
  writeWaitMs: 10_000,
  /** Requests that wait for the end of a launch (`?wait`): each holds a connection. */
  waitingRuns: 10_000,
  /** Bytes that wait in this process for one WebSocket client to read, and one message beyond: enough to keep it busy. */
  socketBacklogBytes: 64 << 10,
  /** Ten thousand clients of events are to be served (each some kilobytes), and some who come to see why. */
  eventConnections: 12_000,
  /** Events kept for clients that come back or read slowly: five seconds of a storm, days of a quiet node. */
  eventsKept: 65_536,
  eventBytesKept: 16 << 20,
  /** Of these, for messages that were written out for who read them last; all others are kept unwritten. */
  eventBytesWritten: 2 << 20,
  /** Changes that are told in one text: who reads one of them reads all. */
  changesPerText: 128,
  /** Output events have bounds of their own: what a job writes drops no other events. One job that floods fills it in 12 s. */
  outputEventsKept: 65_536,
  outputEventBytesKept: 16 << 20,
  /** So long after the last client that listens to output left, it is still kept: for one that comes back. */
  outputLingerMs: 60_000,
  /** Events passed to, or over, clients in one turn, each KiB counted as one more: about 20 ms; other requests come between. */
  eventsPerTurn: 8_192,
  /** Events for one client, counted the same, before the next one has its turn. */
  eventsPerVisit: 64,
  /** Clients that follow outputs: each may hold this much that it has not read; then it is told what it missed. */
  outputFollowers: 1_024,
  followerBytes: 512 << 10,
  /** A WebSocket client that answers no ping for about this long is disconnected. */
  socketIdleMs: 120_000,
  /** What clients send over WebSockets is ignored; longer messages close them. */
  receivedMessageBytes: 1 << 10,
  /** Header lines of more are cut: `Carillon-Error` carries a sentence, not a document. */
  errorHeaderBytes: 400,
  /** Deeper JSON answers 400; Go's decoder stops at 10,000. */
  jsonDepth: 10_000,
  /** Due times in one preview: enough for a page, few enough that the rarest schedule costs some milliseconds. */
  previewedDueTimes: 100,
  /** From here on lists of jobs come from a catalogue in memory; fewer are found in the store within a millisecond. */
  jobsListedFromStore: 1_000,
  /** Filters of lists whose matching jobs are kept marked, a byte a job: as many as people page through at once. */
  keptSelections: 4,
  /** Written-out jobs that are kept for who asks again: some thousands. A larger job is written out each time. */
  jobTextCharacters: 8 << 20,
  /** Jobs that the scheduler reads in one turn when it begins: some milliseconds, since what is due is launched meanwhile. */
  jobsPerSchedulerTurn: 500,
  /** Jobs read into that catalogue in one turn, which takes some milliseconds. */
  jobsPerListingTurn: 500,
  /** Missed, skipped, lost or late launches that can be listed, newest first: counting more would stall the API. */
  listedLaunches: 10_000,
  /** An execution that began more than this after its due time is listed as late: what is usual is far below. */
  lateStartMs: 1_000,
  /** Minutes of statistics kept of all jobs together: a week. */
  statMinutes: 10_080,
  /** Of one job, the latest with activity: an hour of a job that runs each minute, about 6 KiB; two months of a daily one. */
  statMinutesPerJob: 60,
  /** Steps in one answer of statistics: more than a screen has pixels for. */
  statSteps: 1_500,
  /** Results remembered per proposer, so that a command sent twice happens once; as many may await theirs (P5). */
  rememberedResultsPerOrigin: 1_024,
  /**
   * Records of each table that the state keeps decoded behind what wrote them: one that is launched is ended soon. So many
   * launches may be open at once before records are read again; of jobs some megabytes, given back after a pause.
   */
  keptRecords: 4_096,
  keptRecordsMs: 2_000,
  /** Launches of one job that have not ended: as many as one node may run at once. */
  openLaunchesPerJob: 16_384,
  /** Executions of one job that wait for room: a job that is due each second is late by a quarter of an hour then. */
  queuedExecutionsPerJob: 1_000,
  /** Attempts of one launch, reruns after `lost` included. */
  attemptsPerLaunch: 1_000,
  /** Due times launched late at most, per job and catch-up (P1). */
  catchupCap: 100,
  /** The most that a job's `catchup.cap` may ask for: they are launched at once. */
  catchupCapMost: 1_000,
  catchupWindowMs: 60_000,
  /** The most that a job's `queue_limit` may ask for: more would be late by hours. */
  queueLimitMost: 1_000,
  /** The most that a job's `max_executions` may ask for: as many as one node may run at once. */
  maxExecutionsMost: 16_384,
  /** The most that a job's `retry.backoff` may ask for. */
  retryBackoffMost: 100,
  /** The longest pause that a job's `retry` may ask for, 30 days: its launch is open all the time. */
  retryPauseMostMs: 2_592_000_000,
  /** Entries in one append: bounds a flush and a message. */
  entriesPerAppend: 1_024,
  bytesPerAppend: 8 << 20,
  /** The dispatcher's commands are cut at about this size: a large fleet's targets would make them too large to append. */
  bytesPerProposal: 2 << 20,
  /** Proposed and not yet committed; beyond, proposals are refused (bounded uncommitted log). */
  uncommittedBytes: 64 << 20,
  uncommittedEntries: 65_536,
  /** Committed and not yet applied entries in flight from log to state, and their bytes. */
  unappliedEntries: 8_192,
  unappliedBytes: 64 << 20,
  /**
   * Newest entries that the log keeps in memory, so that followers that keep up cost no reads: as much as is sent at once.
   * What is not durable is kept anyway.
   */
  cachedEntries: 16_384,
  cachedBytes: 8 << 20,
  /** Applied entries that stay in the log for followers that were away: Dkron keeps 10,240 (dkron-v4 6.4). */
  retainedEntries: 10_000,
  /** Entries deleted in one commit, beside what it writes; more than it can write, so that deleting keeps up. */
  compactedEntries: 2_048,
  /**
   * Milliseconds from a change of the state to its flush, which no client waits for: fewer flushes leave the disk to the log,
   * and so long what was applied is applied again after a crash of the machine.
   */
  stateFlushMs: 100,
  /** How long a starting node waits until its state has caught up with the log; then reads show what there is. */
  stateCatchUpMs: 10_000,
  /** A batch of the state ends with the entry that brings its changes to this number: its turn stays short. */
  changesPerBatch: 8_192,
  /** Applied entries between two checks of the state's hash while there is much to do; and the time between them else. */
  entriesPerStateCheck: 4_096,
  stateCheckMs: 5_000,
  /** Hashes of the state kept for checks to come: one check is under way at a time, and leaders may change. */
  stateMarks: 4,
  /** Records of the state read at once, and the pause before the next: about 2 ms of every 20 until all are verified. */
  scannedRecords: 1_000,
  scanPauseMs: 20,
  /** Bad entries of a log that `carillon recover` tells of: each has its line and its bytes. */
  toldEntries: 10,
  /** Unacknowledged appends to one follower: they keep a link of some milliseconds busy, and are soon sent again. */
  appendsInFlight: 64,
  appendBytesInFlight: 32 << 20,
  /** Reads that wait for the leader to prove that it leads. */
  pendingReads: 16_384,
  /** Disk space kept for launches and ends, or a twentieth of a small disk: below it changes of clients answer 507 (P6). */
  diskReserveBytes: 64 << 20,
  /** Messages per batch between threads (measured-facts 2). */
  messagesPerBatch: 256,
  /** A new leader waits this long for all nodes to report before it places work. */
  musterMs: 5_000,
  /** While no node is there at all it waits longer: an executor that starts may first have orphans to kill. */
  firstWorkerMs: 15_000,
  /** Runs by hand that wait for that, and batches of due launches. */
  heldRequests: 16_384,
  /** Running, or ended and not yet committed, on one node; further starts wait unanswered until there is room. */
  executionsPerWorker: 16_384,
  /**
   * Of these, so many at once on the way from their journal record to their process: enough to keep both busy, and few
   * enough that a turn which spawns them all is over before its thread counts as hung.
   */
  startsAtOnce: 128,
  /** When all of these are under way, so many must be over before the next ones begin: their records are one write then. */
  startsTogether: 32,
  /** While so many starts are under way on a node, its ends are gathered for a moment: the dispatcher is woken for each message. */
  startsBeforeEndsOfNode: 8,
  endsGatherOfNodeMs: 4,
  /**
   * Launches are claimed at most so long before they are due, where nothing could speak against them any more: enough for
   * some hundred that are due at once to be on their nodes by then. A write to such a job is answered so much later.
   */
  claimAheadMs: 250,
  /** Changes of the worker's journal in one write. */
  journalWritesPerCommit: 1_024,
  /** Changes of the journal that nothing waits for are gathered so long: a killed process loses them, and the result with the end. */
  journalGatherMs: 3,
  /** Pause after a write of the journal that found no space. */
  journalRetryMs: 1_000,
  /** The files ahead of the journal's store are emptied into it this often: most executions are forgotten by then. */
  journalCheckpointMs: 1_000,
  /** Or as soon as they hold so much: it is read at the start, and until then kept in memory, too. */
  journalAheadBytes: 4 << 20,
  /**
   * How long a node may keep running what must not overlap without an answer of its leader: longer than any election
   * or restart of an actor, shorter than anybody's patience.
   */
  leaseMs: 20_000,
  /** How much longer the leader waits before it calls an execution lost: time to kill it, and for clocks that drift. */
  leaseGraceMs: 10_000,
  /** A node renews its lease so often, in one message for all that it runs: three may be lost. */
  leaseRenewMs: 5_000,
  /** Between TERM and KILL for an execution whose lease ended: well within the grace. */
  leaseStopMs: 2_000,
  /** An end that the leader did not confirm is sent again after this time: a leader needs milliseconds. */
  finishResendMs: 5_000,
  /** Ends sent again in one turn, and the pause before the next turn of them: outputs may be large. */
  finishesPerTurn: 64,
  finishPauseMs: 20,
  /** Output of a running execution that is shown live (Dkron's /v1/busy), at most this much this often. */
  liveOutputBytes: 64 << 10,
  liveOutputMs: 50,
  /** Killing what an earlier life of the node left takes milliseconds; then the node starts without waiting. */
  orphanKillMs: 10_000,
  /** Dkron's pool of HTTP clients, one per timeout and TLS settings (dkron-v4 section 11). */
  httpClients: 100,
  /** Requests that are kept ready by their config, and the longest config of them: half a megabyte in all at most, mostly far less. */
  httpRequests: 256,
  httpRequestChars: 2_048,
  /** Connections to one host: Dkron's number. */
  httpConnectionsPerHost: 20,
  /** An idle connection is closed by us before its server would: servers wait for two seconds and more. */
  httpIdleMs: 1_000,
  httpTlsHandshakeMs: 10_000,
  /** Go follows this many redirects. */
  httpRedirects: 10,
  /** `expectBody` is matched against this many last bytes of a body: what is matched must be kept (dkron-v4 13.1 #25). */
  httpMatchedBytes: 1 << 20,
  /** Response headers; Go stops at 10 MB, nobody sends that. */
  httpHeaderBytes: 1 << 20,
  /** A processor that has not answered by then leaves the output as it was. */
  processorMs: 30_000,
  /** Outputs in processing at once on one node, and those that wait; beyond, outputs are stored unprocessed. */
  outputsInProcessing: 64,
  outputsWaiting: 4_096,
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
  /** Dead letters are told at most this often: an overload must not flood the log as well. */
  deadLetterReportMs: 1_000,
  /** LMDB's longest key with pages of 4 KiB. */
  storeKeyBytes: 1_978,
  /** Names in each table of the shared metrics, and bytes of one name: 100 KiB in all. */
  metricSlots: 512,
  metricNameBytes: 120,
  /** Tables of 8.5 years kept per time zone: five centuries; a job in the year 9000 drops the oldest. */
  zoneChunks: 64,
  /** Compiled schedules shared between jobs, about 1 KiB each; with `~` and `H` each job may have its own. */
  compiledSchedules: 8_192,
  /** After the main process of a job ended, a daemon that keeps its output open is listened to this much longer. */
  outputDrainMs: 250,
  /** Pipes of such daemons that are emptied, so that they don't die of SIGPIPE; beyond, the oldest is closed. */
  abandonedPipes: 256,
  /** A job's memory is looked at each second, as in Dkron (dkron-v4 section 11). */
  memoryPollMs: 1_000,
  /** Looks for survivors of a kill: at first after the one, later after the other. */
  killPollFirstMs: 2,
  killPollLongestMs: 250,
  /** A slot's job that is over by then is not looked for, nor listened to: its process and what it wrote are told at its end. */
  outputFollowMs: 10,
  /** A process that is gone by then is not looked up in the process table, nor recorded: its mark is enough to find what is left. */
  processIdentityMs: 10,
  /** A shell that does not pass its trial by then is not used: jobs wait for the first trial. */
  slotTrialMs: 5_000,
  /** Then it is tried again, for a node may start on a machine that is just too busy; jobs don't wait for that. */
  slotRetrialMs: 30_000,
  /** Pre-forked shells for short jobs: four saturate two cores (measured-facts 7). */
  shellSlots: 4,
  /** Beyond this many jobs in pre-forked shells at once, jobs are spawned plainly: each shell takes about 1 MiB. */
  shellSlotsAtMost: 64,
  /** A job that holds its shell for longer than about this is no short one: another shell takes its place. */
  shellSlotPatienceMs: 50,
  /** Jobs that wait for a shell; beyond, they are spawned plainly. */
  shellSlotQueue: 4_096,
  /** Longer commands with their environment are spawned plainly: there the system's own limits and errors count. */
  shellSlotCommandBytes: 32 << 10,
  /** A shell is replaced after so many jobs: what it may leak stays small. */
  shellSlotRuns: 20_000,
  /** A due time that is handled this late is still on time: a turn that had to wait, or a change of leaders. */
  punctualMs: 1_000,
  /** Due times of one job that are walked over exactly; a longer outage is counted, not walked. */
  walkedDueTimes: 64,
  /** Missed due times counted one by one near a change of a zone's offset; more are counted by arithmetic. */
  countedDueTimes: 10_000,
  /** The most that the `cap` of a catch-up policy may ask for: one job must not fill the log. */
  catchupCapAtMost: 1_000,
  /** Launches handed to the dispatcher and not recorded yet; what is due beyond that waits for records. */
  launchesUnderWay: 8_192,
  /**
   * Starts that nodes were sent and have not begun: then nothing more that is due is launched, until half of them have. What is
   * due meanwhile waits, and is launched late or recorded as missed, as its job's `catchup` says.
   */
  startsUnderWay: 2_048,
  /** While so many are, ends wait so much longer to be recorded together: what that takes is missing to the starts. */
  startsBeforeEnds: 64,
  endsWaitMs: 80,
  /** Starts sent again at once, the oldest first: one that was lost is rare, one that waits for its turn is not. */
  startsSentAgainAtOnce: 256,
  /** Launches and missed ranges in one message to the dispatcher: about 0.5 MiB. */
  dueItemsPerBatch: 4_096,
  /** A due time handed over and not recorded by then is handed over again: the proposal was lost or refused. */
  dueRetryMs: 5_000,
} as const;
