/** What one check of `hyphae doctor` found. */
export interface Finding {
  readonly check: string
  readonly level: Level
  readonly found: string
  /** What to do; null where nothing has to be done. */
  readonly remedy: string | null
}

export type Level = 'ok' | 'warning' | 'error'

export const ok = (check: string, found: string): Finding => ({ check, level: 'ok', found, remedy: null })
export const warning = (check: string, found: string, remedy: string): Finding => ({ check, level: 'warning', found, remedy })
export const failure = (check: string, found: string, remedy: string): Finding => ({ check, level: 'error', found, remedy })
