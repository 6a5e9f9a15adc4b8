import type { Paint } from '../render/paint.ts'

/** What the terminal can show, and when it is. */
export interface ScreenLook {
  readonly paint: Paint
  /** Does it speak UTF-8? Otherwise there are no sparklines and no arrows. */
  readonly unicode: boolean
  /** Wall clock, ms. */
  readonly now: number
}
