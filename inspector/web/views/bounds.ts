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
  /** Rows of a log that are drawn beyond those that are seen. */
  logBeyond: 12,
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
  /** A stream that ended is opened again after this, ms. */
  again: 1_000,
} as const
