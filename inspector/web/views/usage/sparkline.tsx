import type { Sample } from './samples.ts'
import { bounds } from '../bounds.ts'

interface SparklineProps {
  readonly samples: readonly Sample[]
  readonly of: 'cpu' | 'memory'
  readonly width: number
  readonly height: number
  readonly label: string
}

/** ms that are drawn: what is known, and at least so much that two samples do not fill it. */
const drawn = (samples: readonly Sample[]): number =>
  Math.max(20_000, Math.min(bounds.usageInterval * bounds.usageSamples, (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)))

/** In words, how long one looks back. */
export const spanOf = (samples: readonly Sample[]): string => {
  const seconds = Math.round(drawn(samples) / 1_000)
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`
}

/** What is known as a line; the newest is at its right. */
export function Sparkline({ samples, of, width, height, label }: SparklineProps) {
  const most = Math.max(of === 'cpu' ? 1 : 0.1, ...samples.map((sample) => sample[of])) * 1.1
  const end = samples.at(-1)?.at ?? 0
  const span = drawn(samples)
  const points = samples.map((sample) => {
    const x = width - ((end - sample.at) / span) * width
    const y = height - 1 - (sample[of] / most) * (height - 2)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const [first, last] = [points[0], points.at(-1)]
  return (
    <svg
      class={`use-line use-${of}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      {first === undefined || last === undefined ? null : (
        <>
          <polygon points={`${first.split(',')[0] ?? 0},${height} ${points.join(' ')} ${last.split(',')[0] ?? 0},${height}`} />
          <polyline points={points.join(' ')} />
        </>
      )}
    </svg>
  )
}
