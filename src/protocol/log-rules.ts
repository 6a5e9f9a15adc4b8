/** How much of what a service writes is kept. */
export interface LogRules {
  /** A log that has this many bytes is rotated. */
  readonly maxSize: number
  /** Archives that are kept beside it. */
  readonly keep: number
  /** Archives older than this are deleted, ms; null: none is for its age. */
  readonly maxAge: number | null
  /** Are archives compressed (gzip)? */
  readonly compress: boolean
}

export const usualLogRules: LogRules = { maxSize: 10 * 1024 * 1024, keep: 5, maxAge: null, compress: false }
