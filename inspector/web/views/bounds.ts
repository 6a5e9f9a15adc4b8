/** Bounds of the views: what they keep and show of what may be much. */
export const bounds = {
  /** Lines of a log that are kept; the oldest go first. */
  logLines: 100_000,
  /** Characters of all of them together: 2 bytes each in memory. */
  logCharacters: 16_000_000,
  /** Characters of one line that are kept; the rest is an ellipsis. */
  logLine: 4_096,
  /** Lines asked for at first. */
  logFirst: 500,
  /** New lines are drawn together, at most this often, ms. */
  logPause: 40,
  /** A mark of a restart waits this long for the lines before it, ms. */
  logMarkWait: 1_000,
  /** Times of lines are known to so much, ms. */
  logMarkSlack: 2_000,
  /** Facts that are read for marks of restarts in a log. */
  logFacts: 100,
  /** Rows of a list that are drawn beyond each edge of what is seen, so that a quick hand sees no gap. */
  rowsBeyond: 8,
  /** Facts about one service or group that are kept. */
  facts: 500,
  /** Runs that a bar of time shows. */
  runs: 60,
  /** Between two looks at what a service uses, ms. */
  usageInterval: 2_000,
  /** Looks that are kept: 5 min. */
  usageSamples: 150,
  /** Services whose looks are kept. */
  usageServices: 8,
  /** After a change of state what it accepts is asked once it is quiet for so long, ms. */
  acceptsPause: 80,
  /** States that are shown of what came of an event. */
  trail: 8,
  /** What came of an event is followed for so long, ms. */
  trailTime: 60_000,
  /** Asking who depends on something may take so long, ms; then it is asked about without that. */
  graphTime: 2_000,
  /** Depth of a form made from a schema; what is deeper is written as JSON. */
  formDepth: 6,
  /** Rows of a tree of values that are drawn; more can be found by search. */
  treeRows: 2_000,
  /** Characters of a value in it. */
  treeText: 2_000,
  /** Steps of a restart that are shown. */
  steps: 100,
  /** Entries of events that are gone from the records are let go in portions of this many. */
  goneEntries: 1_024,
  /** What became of so many of the last events may still change. */
  unsettledEntries: 256,
  /** Of so many of the newest events the types are offered, and looked for anew whenever so many more have come. */
  typedEntries: 2_000,
  typesEvery: 50,
  /** Lanes of a sequence that are there by themselves; more can be added by hand, out of so many. */
  lanes: 6,
  lanesOffered: 500,
  /** Events that are looked through for those whom an actor talked to. */
  laneEntries: 4_000,
  /** An event that did nothing is told of beside the chart for so long, ms, if it is among so many of the last records. */
  noteTime: 10_000,
  noteRecords: 2_000,
  /** A stream that ended is opened again after this, ms. */
  again: 1_000,
} as const
