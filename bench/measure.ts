/** What every bench needs: medians, and a line that compares a figure with its floor and its target. */

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export interface Row {
  readonly what: string
  readonly value: string
  readonly target: string
  readonly met: boolean
}

export const ratio = (what: string, ours: number, floor: number, most: number, unit = 'ms'): Row => ({
  what,
  value: `${(ours / floor).toFixed(2)} × (${ours.toFixed(2)} against ${floor.toFixed(2)} ${unit})`,
  target: `≤ ${most} ×`,
  met: ours / floor <= most,
})

export const share = (what: string, ours: number, floor: number, least: number, unit = 'MB/s'): Row => ({
  what,
  value: `${(ours / floor).toFixed(2)} × (${ours.toFixed(0)} against ${floor.toFixed(0)} ${unit})`,
  target: `≥ ${least} ×`,
  met: ours / floor >= least,
})

export const most = (what: string, value: number, limit: number, unit: string): Row => ({
  what,
  value: `${value.toFixed(1)} ${unit}`,
  target: `≤ ${limit} ${unit}`,
  met: value <= limit,
})

/** The longest that the event loop did not turn while something went on, ms. */
export function watchLoop(): () => number {
  let longest = 0
  let last = performance.now()
  let going = true
  const turn = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (going) setImmediate(turn)
  }
  setImmediate(turn)
  return () => {
    going = false
    return Math.max(longest, performance.now() - last)
  }
}
