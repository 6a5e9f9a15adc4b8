import { limits } from '../../protocol/limits.ts'

/** The last figures of something, and how they are drawn in a few cells. */

export interface Samples {
  /** How many there were in all: what shares a cell goes on sharing it. */
  readonly count: number
  /** The last ones, oldest first. */
  readonly values: readonly number[]
}

const steps = ['▁', '▂', '▃', '▅', '▇'] as const
/** Samples that share a cell; the highest of them is shown. */
const perCell = 3
/** Cells of a sparkline. */
export const sparkCells: number = limits.topSamples / perCell

export const withSample = ({ count, values }: Samples = { count: 0, values: [] }, value: number): Samples => ({
  count: count + 1,
  values: [...values, value].slice(-limits.topSamples),
})

/** From `low` to `high`, where the samples go beyond; a cell of none is blank. Always `sparkCells` wide. */
export function sparkline({ count, values }: Samples, low: number, high: number): string {
  const cells = new Map<number, number>()
  for (const [at, value] of values.entries()) {
    const cell = Math.floor((count - values.length + at) / perCell)
    cells.set(cell, Math.max(cells.get(cell) ?? -Infinity, value))
  }
  const text = [...cells.values()]
    .slice(-sparkCells)
    .map((value) => {
      const share = (value - low) / Math.max(high - low, Number.EPSILON)
      return steps[Math.max(0, Math.min(steps.length - 1, Math.floor(share * steps.length)))] ?? ''
    })
    .join('')
  return text.padStart(sparkCells)
}

/** Of a core, from nothing: small figures look small. */
export const cpuLine = (samples: Samples): string => sparkline(samples, 0, Math.max(10, ...samples.values))

/** Memory hardly moves: from the least to the most of what is shown, unless they are close together. */
export function memoryLine(samples: Samples): string {
  const most = Math.max(0, ...samples.values)
  const least = Math.min(most, ...samples.values)
  return sparkline(samples, least, Math.max(most, least * 1.1, least + 1))
}
