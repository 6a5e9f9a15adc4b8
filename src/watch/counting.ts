import { limits } from '../protocol/limits.ts'
import type { Labels, Sample } from './exposition.ts'

/** What is counted over time: counters and histograms, each with a bounded number of series. */

/** Beyond the bound new labels are not counted: a scrape must not grow with what strangers send. */
function createSeries<T>(fresh: () => T) {
  const all = new Map<string, { readonly labels: Labels; readonly value: T }>()
  return {
    of(labels: Labels): T | undefined {
      const key = Object.values(labels).join('\0')
      const known = all.get(key)
      if (known !== undefined) return known.value
      if (all.size >= limits.metricSeries) return undefined
      const value = fresh()
      all.set(key, { labels, value })
      return value
    },
    /** Forgets those that this is true of. */
    forget(isGone: (labels: Labels) => boolean): void {
      for (const [key, { labels }] of all) if (isGone(labels)) all.delete(key)
    },
    values: () => all.values(),
  }
}

export function createCounter() {
  const series = createSeries(() => ({ count: 0 }))
  return {
    add(labels: Labels = {}, by = 1): void {
      const one = series.of(labels)
      if (one !== undefined) one.count += by
    },
    forget: series.forget,
    samples: (): Sample[] => Array.from(series.values(), ({ labels, value: { count } }) => ({ labels, value: count })),
  }
}

/** `bounds`: upper ones in seconds, ascending; what is above all of them is counted too. */
export function createHistogram(bounds: readonly number[]) {
  const series = createSeries(() => ({ counts: bounds.map(() => 0), sum: 0, count: 0 }))
  return {
    observe(seconds: number, labels: Labels = {}): void {
      const one = series.of(labels)
      if (one === undefined) return
      one.count++
      one.sum += seconds
      const place = bounds.findIndex((bound) => seconds <= bound)
      if (place >= 0) one.counts[place] = (one.counts[place] ?? 0) + 1
    },
    *samples(): Generator<Sample> {
      for (const { labels, value } of series.values()) {
        let total = 0
        for (const [index, bound] of bounds.entries()) {
          total += value.counts[index] ?? 0
          yield { suffix: '_bucket', labels: { ...labels, le: String(bound) }, value: total }
        }
        yield { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: value.count }
        yield { suffix: '_sum', labels, value: value.sum }
        yield { suffix: '_count', labels, value: value.count }
      }
    },
  }
}
