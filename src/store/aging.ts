/**
 * From when on facts are too old. The wall clock alone must not say: one jump of it into the future, a wrong battery clock or a
 * virtual machine that was paused, would delete all that is known. So it counts only as far as time has really passed: since
 * the newest fact that stood in the file when we opened it, by the monotonic clock. Where it can't be told, facts stay longer.
 */
export interface Aging {
  /** The file was opened; its newest fact is of this wall clock time, ms. null: there is none. */
  begin(newest: number | null): void
  /** Wall clock ms: facts of before may go. */
  tooOld(): number
}

export interface Clocks {
  /** Wall clock, ms. */
  wall(): number
  /** Monotonic, ms. */
  clock(): number
}

export function createAging(maxAge: number, { wall, clock }: Clocks): Aging {
  let base = wall()
  let at = clock()
  return {
    begin(newest) {
      // Where the two disagree, one of them was set wrong: the earlier one deletes nothing.
      base = Math.min(newest ?? Infinity, wall())
      at = clock()
    },
    tooOld: () => Math.min(wall(), base + (clock() - at)) - maxAge,
  }
}
