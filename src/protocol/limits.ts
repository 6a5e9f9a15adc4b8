/**
 * Every bound in the system: a name, a unit and why it is that large.
 * Nothing else in the project invents a maximum; what is bounded is bounded here.
 */
export const limits = {
  /** Longest line on a line-cut wire, bytes. A config of 500 services as JSON is 200 KiB; nothing legitimate is larger. */
  lineBytes: 1024 * 1024,
  /** Longest answer that a client takes, bytes. Status and logs of a whole fleet may be far longer than any request. */
  answerBytes: 64 * 1024 * 1024,
  /** Items of a stream that a client holds unread; beyond it the client stops reading from the connection. */
  unreadItems: 256,
  /** Deepest nesting of a JSON text. V8 parses millions of levels but stringifies only about 100,000. */
  jsonDepth: 64,
  /** Values in the input of one command; the names of all services of a config fit. */
  inputValues: 20_000,
  /** Requests in one JSON-RPC batch. */
  batchRequests: 100,
  /** Requests that one connection may have unanswered; beyond it we stop reading from it. */
  pendingRequests: 64,
  /** Messages of one connection that wait for their turn; beyond it we stop reading from it. */
  waitingMessages: 256,
  /** Live subscriptions of one connection. */
  subscriptions: 32,
  /** Bytes queued towards one slow reader before it is cut off, with a reason. */
  outboundBytes: 8 * 1024 * 1024,
  /** Longest path of a unix socket, bytes. Node binds a longer one cut off, silently (20), or fails (24). */
  socketPathBytes: 107,
  /** Connections one listener holds at once, some 12 KB each: 2,000 that say nothing keep nobody out. */
  connections: 2_500,
  /** Accepted links that nobody has claimed yet. */
  unclaimedLinks: 64,
  /** How long a link may stay unauthenticated, ms. */
  authenticationTime: 5_000,
  /** How long a restart workflow may wait for its service, ms; a dependency may take its time. */
  workflowTime: 15 * 60_000,
  /** How long the end of the orchestrator waits for clients to take their last answers, ms. */
  closeTime: 1_000,
  /** Children of one supervisor; XState's cost of a spawn or stop grows with their number. */
  bucketChildren: 64,
  /** Actors of each kind that were reaped and are still remembered, with their reasons. */
  reapedActors: 500,
  /** Facts remembered per service, for `explain`. */
  serviceHistory: 50,
  /** Items queued for one subscriber before the stream is closed with a reason. */
  streamItems: 10_000,
  /** Services in one config. */
  services: 10_000,
  /** Longest name of a service, characters (it becomes a file name and part of a cgroup's). */
  nameLength: 64,
  /** Longest duration that a config may name, ms: Node's timers fire at once beyond 2^31-1 ms (24.8 days). */
  duration: 24 * 24 * 60 * 60 * 1000,
  /** Size of a config file, bytes. */
  configBytes: 4 * 1024 * 1024,
  /** Values in a config, with its aliases written out; 10,000 services with 50 values each are half of it. */
  configValues: 1_000_000,
  /** Problems of one config that are told at once; who has more has another kind of file. */
  configProblems: 100,
  /** Lines that one `logs` request may ask for. */
  logLines: 10_000,
  /** Characters that one `logs.read` may answer; a stream has no such bound. */
  logAnswer: 2 * 1024 * 1024,
  /** Bytes read back from the end of a log to find the last lines. */
  logTailBytes: 4 * 1024 * 1024,
  /** Longest line shown by `logs`; a longer one is cut and marked. */
  logLineBytes: 64 * 1024,
  /** Actors that are told something in one turn of the event loop; each costs some 0.1 ms. */
  eventSlice: 64,
  /** How long the event loop may be busy with spawning before it takes a breath, ms. */
  spawnSlice: 8,
  /** Body of an HTTP health answer that is read, bytes. */
  probeBodyBytes: 64 * 1024,
  /** Text kept of what a failed exec probe printed, characters. */
  probeOutput: 400,
  /** A readiness probe looks again after this, then after twice as long, and so on up to its interval, ms. */
  firstLooks: 50,
  /** Probes under way at once, in the whole system. */
  concurrentProbes: 64,
  /** After SIGKILL: how long until a process that does not go is reported as stuck, ms. */
  stuckAfter: 5_000,
  /** How often SIGKILL is repeated at what is stuck, ms. */
  killRepeat: 1_000,
  /** How often a group whose leader has gone is looked at again, ms. */
  sweepInterval: 50,
  /** Length of a reason or an error message that we quote from elsewhere, characters. */
  quotedText: 300,
  /** How old a metrics sample may be when a query wants one, ms. */
  metricsAge: 1_000,
  /** Our own log file, and what `up -d` prints: beyond this size it is set aside where the config does not say, bytes. */
  ownLogBytes: 8 * 1024 * 1024,
  /** How many of those set aside are kept where the config does not say. */
  ownLogKept: 3,
  /** Request ids that are remembered; the oldest are forgotten first. */
  requests: 4096,
  /** Longest answer that is kept for a request id, characters. */
  requestReply: 16 * 1024,
  /** Facts that a start reads back from the journal, for `explain`. */
  recalledFacts: 5_000,
  /** How long the journal keeps facts where the config does not say, ms. */
  factAge: 30 * 24 * 60 * 60 * 1000,
  /** How many bytes of facts the journal keeps where the config does not say. */
  factBytes: 32 * 1024 * 1024,
  /** Longest time that a config may have facts kept, ms: ten years. */
  longestFactAge: 10 * 365 * 24 * 60 * 60 * 1000,
  /** Least and most bytes of facts that a config may have kept: below, the file's own structure outweighs them. */
  leastFactBytes: 1024 * 1024,
  mostFactBytes: 1024 * 1024 * 1024,
  /** Facts that one `events` request may ask for. */
  eventsRead: 10_000,
  /** How long until a journal that cannot be written is tried again, ms. One try costs a few ms, so CPU stays low. */
  journalRetry: 1_000,
  /** Facts that wait for a disk that cannot be written; beyond it the oldest go. A crash-looping fleet states some 100 a second. */
  journalQueuedFacts: 10_000,
  /** Size of the journal's write-ahead log between two checkpoints, bytes. Its file is used again, so it costs no more. */
  journalWalBytes: 4 * 1024 * 1024,
  /** Beyond this the write-ahead log is not written on: checkpoints fail, so the disk is about to be full or broken, bytes. */
  journalWalMost: 64 * 1024 * 1024,
  /** Removed records that the journal still knows as removed, so that a salvage does not bring them back. */
  journalTombstones: 4_096,
  /** Damaged journals kept aside for inspection; each may be as large as the journal itself. */
  journalDamagedKept: 3,
  /** Old facts deleted with one commit, beyond as many as it adds: some 1 ms. */
  journalExpired: 64,
  /** Facts read from the journal before its thread looks for writes again: some 5 ms. */
  journalSlice: 2_000,
  /** How long closing waits for the journal's thread, ms; a disk that hangs would hold us for ever. */
  journalCloseTime: 5_000,
  /** How often we look whether there is room for logs, ms. A look costs some 50 µs. */
  diskLook: 2_000,
  /** Less room than this for logs is none: a burst of one service is larger, bytes. */
  logRoom: 64 * 1024,
  /** Pause before a program is tried again that could not be spawned for want of descriptors, processes or room, ms. */
  scarceRetry: 1_000,
  /** How long a start waits for the lock of its state folder before it is refused, ms. */
  lockPatience: 100,
  /** Longest input of a request that carries an id, characters: it is kept with the id. */
  requestInput: 64 * 1024,
  /** Services that one question about events may name; each fact is compared with them. */
  eventServices: 500,
  /** How long a write may take before the disk counts as one that does not answer, ms. */
  journalStall: 5_000,
  /** How long a message that was begun may take to be whole, ms. Whoever types one is quicker. */
  messageTime: 15_000,
  /** Longest file of an identity, bytes; an Ed25519 key as PEM has 119. */
  identityBytes: 8 * 1024,
  /** Connecting to the supervisor's TCP port, and waiting for its answer: how long each may take, ms. It answers within 9 s. */
  supervisorCallTime: 10_000,
  /** How long a completion waits for the orchestrator before it goes without, ms: somebody's Tab key is pressed. */
  completionTime: 500,
  /** How long a client waits for a connection to be opened where nothing else is said, ms. */
  dialTime: 10_000,
  /** Items of a stream that a client holds unread where nothing can hold the other side back (a WebSocket). */
  unheldItems: 10_000,
  /** Pause before a client connects anew to go on with a stream; the next ones are twice as long each, ms. */
  reconnectFirstPause: 100,
  /** Longest pause between two tries to connect anew, ms. */
  reconnectPause: 5_000,
  /** How long a client tries to connect anew before a stream fails, ms: a machine may need to start again. */
  reconnectTime: 5 * 60_000,
  /** Headers of one HTTP request together, bytes. Browsers send 1 to 2 KiB. */
  httpHeaderBytes: 16 * 1024,
  /** Headers of one HTTP request; Node forgets what is beyond its own bound, so more than these are refused. */
  httpHeaders: 100,
  /** How long an HTTP client may take for its headers, ms; also how long a connection may say nothing at all. */
  httpHeadersTime: 5_000,
  /** How long an HTTP client may take for a whole request, ms. */
  httpRequestTime: 15_000,
  /** How often Node looks for HTTP clients that are too slow, ms; with its own 30 s the times above would mean little. */
  httpCheckInterval: 500,
  /** How long an HTTP connection without a request is kept for the next one, ms. */
  httpIdleTime: 5_000,
  /** Requests that one HTTP connection may have unanswered; browsers have one, and only pipelining makes more. */
  httpPipelined: 8,
  /** How long a browser may remember that a page may call us, s. */
  corsAge: 600,
  /** Bytes queued towards a WebSocket before its sender is told to wait. */
  webSocketQueue: 64 * 1024,
  /** Parts in which one WebSocket message may come; each costs some 100 bytes beside its content. */
  webSocketFragments: 1024,
  /** Reason in a WebSocket's close frame, bytes: the protocol has room for no more. */
  webSocketReason: 123,
  /** How often a WebSocket is asked whether it is there, ms; without an answer until the next time it is cut off. */
  webSocketPing: 30_000,
  /** How long a client that takes nothing may have much of ours waiting before it is cut off, ms. */
  stallTime: 30_000,
  /** Descriptors of other processes looked at to find out who holds a port; one costs some 3 µs. */
  portHolderLooks: 20_000,
  /** Command line shown of whoever holds a port, characters. */
  portHolderText: 100,
  /** Services that a fact about a reload names, of each kind of change: a fact is kept for a month. */
  reloadNames: 100,
  /** Longest path that a request may name, characters: the kernel's own bound. */
  pathLength: 4_096,
  /** How long a config file has to be left alone before a watch reads it, ms: editors write it in several steps. */
  configSettle: 100,
  /** How often a watch looks at the config file itself, ms: not every file system tells, and a folder may be replaced. */
  configLook: 2_000,
  /** Longest line on the supervisor's control port, bytes. Its largest command, with dozens of programs, is a few KiB. */
  controlLineBytes: 64 * 1024,
  /** Longest subnegotiation of telnet that is skipped, bytes; terminals send a few dozen. */
  telnetBytes: 1024,
  /** How long a control command may take before its caller is told that it goes on, ms: clients give up after 10 s. */
  controlAnswerTime: 8_500,
  /** Lines that come within this of the connection come from a program, ms; nobody types that fast. */
  controlEarly: 200,
  /** How long a program that asked all at once, in words, may be silent after its answer before it is let go, ms. */
  controlSilence: 1_000,
  /** How long a control connection may say nothing before it is let go, ms. */
  controlIdleTime: 5 * 60_000,
  /** Programs that are run to their end at once, in the whole system. */
  concurrentPrograms: 16,
  /** Commands before a restart, and after it. */
  workflowCommands: 32,
  /** What is kept of each stream of a program, bytes; the commands of one workflow share it. */
  programOutput: 256 * 1024,
  /** How long a command around a restart may take if it does not say, ms. */
  workflowProgramTime: 60_000,
  /** How long a program that is run alone may take if nobody says, ms. */
  programTime: 30_000,
  /** The longest time that a program may ask for, ms. */
  longestProgram: 10 * 60_000,
  /** From SIGTERM to SIGKILL for a program that took too long, ms. */
  programGrace: 2_000,
  /** Longest command, argument or value of a variable, characters. */
  programText: 32 * 1024,
  /** Arguments, or variables, of one program. */
  programArgs: 256,
  /** A command as one reads it in a reason or a fact, characters. */
  programWords: 120,
  /** Programs and workflows of which is still remembered what they wrote: only until whoever asked has been told. */
  reapedPrograms: 64,
  /** With other arguments than before, this long after it got ready a service must still be up, ms. */
  changeSettles: 1_000,
  /** Messages of one connection that are taken in one turn of the event loop; others have theirs in between. One costs 0.1 ms. */
  turnMessages: 16,
  /** Least memory limit that a config may set, bytes: with less hardly a program starts. */
  leastMemory: 1024 * 1024,
  /** Most of it, bytes. */
  mostMemory: 1024 ** 5,
  /** How often the memory of a service is looked at whose limit the kernel does not enforce, ms. */
  memoryLook: 1_000,
  /** Looks in a row above its limit that end such a service: a short peak is none of them. */
  memoryLooks: 3,
  /** How often a schedule looks at the wall clock at least, ms: it may be set, and a machine may sleep. */
  scheduleLook: 10_000,
  /** How late a scheduled restart may be, ms; later it is skipped: the machine slept, or its clock was set ahead. */
  scheduleLate: 60_000,
  /** A wall clock set back by less than this repeats no scheduled restart, ms; by more, what it showed before was wrong. */
  scheduleBack: 24 * 60 * 60 * 1000,
  /** Longest schedule, characters. */
  scheduleText: 200,
  /** Ways to start a program as somebody else that are known to work, so that they need not be tried again. */
  provenLaunches: 1_000,
  /** How long one such try may take, ms; usually 3. The event loop waits for it. */
  launchTrial: 2_000,
  /** How long the machine may take to tell who a user is (LDAP, say), ms. */
  accountLookup: 5_000,
  /** Instances of one service. */
  instances: 1_000,
  /** Names that an error lists where one service is meant and several are named. */
  namedMembers: 5,
  /** Size of one file with variables of a service, bytes. */
  envFileBytes: 256 * 1024,
  /** Such files of one service. */
  envFiles: 16,
  /** A config file that is never left alone is read after this long all the same, ms. */
  configSettleMost: 2_000,
  /** How often we look whether a log has grown, ms: also how exactly the time of a line is known. A look costs some 7 µs. */
  logLook: 1_000,
  /** Shortest time between two looks at a log that grows fast, ms. */
  logFastLook: 20,
  /** Logs that are rotated at once, in the whole system: disks do not get faster with more. */
  logRotations: 2,
  /** Archives that are compressed at once: each takes most of a core. */
  logCompressions: 1,
  /** How long until a rotation that failed is tried again, ms. */
  logRetry: 5_000,
  /** How often archives are looked at for their age, ms. */
  logAgeLook: 10 * 60_000,
  /** What one step of a copy moves, bytes. */
  logCopyBytes: 1024 * 1024,
  /** How long one hole may take to be punched, ms; an archive of 4 GB in many pieces takes seconds. */
  logPunchTime: 60_000,
  /** Looks at one log of which the time is remembered, 16 bytes each; beyond it every second one of the older half goes. */
  logTimes: 16_384,
  /** What one `logs.read` or `logs.follow` with `grep` looks through, bytes; what is older is left out, and that is said. */
  logScanBytes: 256 * 1024 * 1024,
  /** What a search looks through at once, bytes. */
  logScanBlock: 256 * 1024,
  /** Longest pattern of a search, characters. */
  logPattern: 1_000,
  /** How long a pattern may take for one block, ms; a sane one takes 1 to 10. */
  logMatchTime: 5_000,
  /** How long the thread that searches is kept once nobody searches, ms. */
  logMatchIdle: 10_000,
  /** Least and most bytes of a log before it is rotated: below, a program's first burst would be many archives. */
  leastLogBytes: 64 * 1024,
  mostLogBytes: 4 * 1024 * 1024 * 1024,
  /** Archives of one log that a config may have kept. */
  logArchives: 1_000,
  /** How long our own output may be written to before its size is looked at again, ms. */
  ownOutputLook: 1_000,
  /** How often memory and CPU of a service are measured where nobody asks, ms. */
  metricsInterval: 5_000,
  /** Shortest time between two shares of that, ms: of 1,000 services 20 are measured at a time, which takes 1 ms. */
  metricsTick: 100,
  /** Archives that one log is cut into before the others that wait have their turn: a flood would keep the place for ever. */
  logTurn: 4,
  /** Members that a fact about a group names: a fact is kept for a month. */
  groupNames: 20,
  /** So often archives are listed that change meanwhile. */
  logListings: 5,
  /** So often a rotation may get in the way of one answer. */
  logTries: 10,
  /** Descriptors that must be free before a spawn with a pipe: more than it takes, on both sides of the fork. */
  spawnDescriptors: 8,
  /** Where a stream over HTTP goes on, as its reader gives it back in a header, characters; headers have 16 KB together. */
  streamPlace: 4_096,
  /** How often a stream over HTTP says something, so that nobody between takes it for dead, ms. */
  streamKeepAlive: 15_000,
  /** How deep the page of the API shows what is within an object. */
  shownDepth: 3,
  /** How long a request to the dashboard API waits for a workflow, ms: the page counts down from 30 s. */
  dashboardAnswerTime: 25_000,
  /** Open files that Hyphae itself may need, beside two for each service; `doctor` warns below. */
  doctorDescriptors: 512,
  /** How far a clock may stand before what was written with it until `doctor` warns, ms. */
  doctorClockSlack: 60_000,
  /** Free bytes beside the state folder below which `doctor` warns, and below which that is an error. */
  doctorRoom: 256 * 1024 * 1024,
  doctorLeastRoom: 16 * 1024 * 1024,
  /** Bytes of logs from which on `doctor` warns. */
  doctorLogBytes: 4 * 1024 * 1024 * 1024,
  /** Largest journal that `doctor` makes a copy of to look through it, bytes. */
  doctorJournalBytes: 256 * 1024 * 1024,
  /** How long `doctor` waits for the orchestrator, ms. */
  doctorAnswerTime: 5_000,
  /** An answer that takes longer than this is worth a warning of `doctor`, ms. */
  doctorLatency: 1_000,
  /** Findings about the ports of probes that `doctor` shows. */
  doctorFindings: 50,
  /** How often a probe of our health writes to the journal at most, ms: it costs one fsync. */
  healthInterval: 1_000,
  /** How long that write, or one turn of the event loop, may take, ms; more is no life. */
  healthWait: 2_000,
  /** Reasons that one check of our health names. */
  healthReasons: 5,
  /** Series of one metric that is counted over time: services times outcomes, commands times codes. */
  metricSeries: 10_000,
  /** How often the delay of the event loop is looked at, ms. */
  loopLook: 250,
  /** Hooks of one config. */
  hooks: 50,
  /** Deliveries that wait for their turn at one hook; beyond it the oldest are dropped. */
  hookQueue: 100,
  /** Of all hooks together. */
  hookDeliveries: 500,
  /** Tries after the first that a config may ask for. */
  hookRetries: 20,
  /** Longest delay before another try, ms. */
  hookDelay: 5 * 60_000,
  /** What is read of the answer of a webhook, bytes. */
  hookAnswer: 64 * 1024,
  /** What is kept of each stream of a program that is a hook, bytes. */
  hookOutput: 8 * 1024,
  /** How long an orchestrator that ends waits for what its hooks have not been told yet, ms. */
  hookFlush: 2_000,
  /** How often it looks whether all have been told by then, ms. */
  hookFlushLook: 10,
  /** How long a banner tells what has just ended, ms. */
  bannerEnd: 5_000,
  /** Ends that one banner tells together. */
  bannerEnded: 100,
  /** How long a switch to another mode probably takes that was never seen, ms. */
  bannerSwitch: 30_000,
  /** How long after a fact the banner is looked at, ms: one look for all that happens meanwhile. */
  bannerLook: 50,
  /** How often a banner that somebody follows is looked at, ms: countdowns are in seconds. */
  bannerTick: 1_000,
  /** Tokens of one config. */
  tokens: 1_000,
  /** A token with fewer characters may be guessed, so a config with one is warned of. */
  shortToken: 16,
  /** Longest token, characters, and so longest file of one. */
  tokenLength: 4_096,
  /** Wrong tokens of one address that are answered at once: typing errors. */
  failedLogins: 4,
  /** How long the answer to the next one is held back, ms; then twice as long each time. */
  failedLoginHold: 250,
  /** Longest time that such an answer is held back, ms: less than a connection may stay unauthenticated. */
  failedLoginHoldMost: 4_000,
  /** So many are held back before callers are told to come later. */
  failedLoginHolds: 4,
  /** Longest time that such a caller is told to stay away, s. */
  failedLoginPause: 60,
  /** After so long without a wrong token an address begins anew, ms. */
  failedLoginMemory: 5 * 60_000,
  /** Addresses whose wrong tokens are counted; the one that was quiet longest goes first. Some 100 bytes each. */
  failedLoginAddresses: 4_096,
  /** Answers to wrong tokens that are held back at once, in the whole system: each keeps a connection. */
  heldAnswers: 64,
  /** What may be repeated very often is told at once, and then again after this long with how often it was, ms. */
  repeatWindow: 60_000,
  /** Different ones that are told so; what comes beyond is told together. */
  repeatKeys: 64,
  /** Longest file with certificates or a key, bytes: a chain of a few, or a bundle of authorities. */
  certificateBytes: 1024 * 1024,
  /** How long a client may take for its handshake of TLS, ms. */
  handshakeTime: 5_000,
  /** How long telling the service manager something may take, ms; it usually takes 5. */
  notifyTime: 10_000,
  /** Longest text told to the service manager, characters. */
  notifyText: 500,
  /** Shortest time between two texts about how the fleet stands, ms. */
  notifyPause: 1_000,
  /** How long one step of a switch of modes may take, ms: services have times of their own, which are shorter. */
  switchStepTime: 15 * 60_000,
  /** Services that a fact, or a reason, of a switch of modes names: a fact is kept for a month. */
  switchNames: 20,
  /** Pages of the API that are kept as they were made, one for each origin and service asked for. One takes 200 KB, and 4 ms. */
  keptPages: 8,
  /** Streams that one caller may have open over the network: each event is written to each of them, and takes 10 µs. */
  callerStreams: 128,
  /** How long a probe of an MCP server waits for the end of the session that it began, ms: it has had its answer by then. */
  sessionEndTime: 1_000,
  /** Records of the inspection that are kept for those who come late or were away: some 300 bytes each, 8 s at 1,000 a second. */
  inspectionRecords: 8_192,
  /** Actors whose contexts are asked for at once. */
  inspectedContexts: 1_000,
  /** What the kept records may keep alive together, bytes, about: beyond it the oldest go early. */
  inspectionBytes: 16 * 1024 * 1024,
  /** What one event, context or changed value may keep alive, bytes, about: a larger one is summed up at once. */
  inspectedWeight: 2_048,
  /** One value in a record, characters of JSON, about. */
  inspectedValue: 1_024,
  /** One context that was asked for, characters of JSON, about; the spec of a service is a third of it. */
  inspectedContext: 8 * 1024,
  /** All contexts of one answer, characters of JSON, about: beyond it they are counted. */
  inspectedContextBytes: 4 * 1024 * 1024,
  /** One text in what is shown of a value, characters. */
  inspectedText: 256,
  /** Items of one list in what is shown of a value; of a longer one only their number. */
  inspectedItems: 32,
  /** Events that wait in one actor's mailbox and are still linked with their steps. */
  inspectedMailbox: 256,
  /** Machines whose charts may be asked for; there are some twenty, and nothing makes more. */
  charts: 256,
  /** Records in one item of a watch, and so many waiting do not wait for its pause. */
  inspectionBatch: 200,
  /** Actors in one item of a watch: some 50 KB. */
  inspectionPage: 250,
  /** Shortest time between two items of a watch, ms: a frame of a screen. */
  inspectionPause: 16,
  /** Items that one watch tells in one turn: 400 records take some 10 ms when they are read for the first time. */
  inspectionTurn: 2,
  /** How long contexts are made into what can be shown before all others have their turn, ms. */
  inspectionTurnTime: 10,
  /** Files of the inspector's page, and their bytes together; beyond it there is no page. The layout engine is most of it. */
  pageFiles: 500,
  pageBytes: 16 * 1024 * 1024,
  /** Files of it beyond this, bytes, are in memory only once somebody has asked for them, and compressed: the layout engine. */
  pageFileBytes: 512 * 1024,
  /** A ticket, and the token that it is given for, bytes: nobody guesses 256 random bits. */
  ticketBytes: 32,
  /** How long a ticket may wait to be used, ms: as long as a browser takes to start. */
  ticketTime: 60_000,
  /** How long a login lasts, ms: a working day. */
  sessionTime: 12 * 60 * 60 * 1000,
  /** Tickets, and logins in use, at once; and of those the ones made by one principal: the one unused for longest goes. */
  logins: 256,
  loginsEach: 16,
  /** Longest body of POST /login, bytes: a ticket has 43 characters. */
  loginBytes: 1024,
  /** Actors that one inspector of the ecosystem is told of; their contexts are kept for it, 1 to 2 KB each. */
  publishedActors: 2_000,
  /** Records that wait until such an inspector takes them; beyond it, it is told a new present. Some 300 bytes each. */
  publishedEntries: 8_192,
  /** Contexts that are asked for together for such an inspector: one answer of some 100 KB. */
  publishedContexts: 100,
  /** Characters written to such an inspector before it is looked whether there is room for more. */
  publishedBreath: 64 * 1024,
  /** Longest message to such an inspector, characters; a longer one is sent without the context. */
  publishedFrame: 256 * 1024,
  /** Messages of such an inspector that cannot be read before it is cut off. */
  publishedMistakes: 20,
  /** Samples of a service's CPU and memory that `hyphae top` draws: a minute of them. */
  topSamples: 30,
  /** Lines of output that its logs pane keeps to scroll back in, and characters of each. */
  topLogLines: 5_000,
  topLogLine: 4_096,
  /** Lines that the pane begins with. */
  topLogsBegin: 500,
  /** Longest text that is typed or pasted into it, characters. */
  topTyped: 100,
} as const
