/** What the page keeps at most. */
export const bounds = {
  /** % of the height below the header that a chart may have, has at first, and that a key changes it by. */
  split: { least: 20, most: 85, first: 66, step: 4 },
  /** Records of what happened, the oldest dropped first: some 300 bytes each, so 30 MB. */
  records: 100_000,
  /** So many beyond that are dropped at once: moving the rest costs more than the record itself. */
  recordsSlack: 5_000,
  /** Records asked for when the page opens: as many as the orchestrator keeps, some seconds at its busiest. */
  history: 8_192,
  /** Actors that have ended and are still listed. */
  endedActors: 1_000,
  /** Names of actors that are not listed any more, for the records that tell of them. */
  forgottenNames: 20_000,
  /** Contexts that are kept up to date at a time: more than a person looks at. */
  contexts: 50,
  /** Ids asked for in one request for contexts, as for an export. */
  contextsAtOnce: 500,
  /** Charts and their layouts; a fleet has some 40. */
  charts: 500,
  /** Records that wait for the next frame; more are taken at once, as in a tab that is not looked at. */
  unapplied: 20_000,
  /** A frame comes within this, ms; where none does (a tab in the background) records are taken all the same. */
  frame: 250,
  /** What people read rather than watch (counts, tables, the time bar) is made anew no more often than this, ms. */
  reading: 300,
  /** Between two tries to connect: the first, and the longest, ms. */
  firstRetry: 1_000,
  longestRetry: 5_000,
  /** How long opening a connection, or a question, may take, ms. */
  patience: 10_000,
  /** How often a live connection is asked whether it still is one, ms. */
  heartbeat: 10_000,
  /** A recording that is opened, bytes. */
  recordingBytes: 256 * 1024 * 1024,
  /** What one in a file may hold. */
  recordingActors: 200_000,
  recordingRecords: 400_000,
  /** How deep states, contexts and payloads may be nested in a file. */
  recordingDepth: 64,
  /** How long a message stays at the foot of the page, ms, and how many at once. */
  message: 8_000,
  messages: 3,
  /** While a past moment is played, nobody waits longer than this for the next record, ms. */
  playedGap: 1_500,
  /** Ticks on the time bar. */
  ticks: 400,
} as const
