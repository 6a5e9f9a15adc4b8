import type { Chart } from '../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../layout/layout.ts'
import { bounds } from './bounds.ts'

/** Charts and where their parts are drawn, by hash. A hash names what is in it, so nothing here ever grows old. */

export interface ChartParts {
  /** Asks the orchestrator; rejects where there is none. */
  ask(hash: string): Promise<Chart>
  /** What was drawn when the page was made; null: not this one. */
  drawn(hash: string): Promise<ChartLayout | null>
  draw(chart: Chart): Promise<ChartLayout>
}

function remember<T>(kept: Map<string, Promise<T>>, hash: string, make: () => Promise<T>): Promise<T> {
  const known = kept.get(hash)
  if (known !== undefined) return known
  const made = make()
  kept.set(hash, made)
  // What failed may work the next time.
  made.catch(() => kept.delete(hash))
  if (kept.size > bounds.charts) kept.delete(kept.keys().next().value ?? '')
  return made
}

export function createCharts({ ask, drawn, draw }: ChartParts) {
  const charts = new Map<string, Promise<Chart>>()
  const layouts = new Map<string, Promise<ChartLayout>>()
  return {
    chart: (hash: string): Promise<Chart> => remember(charts, hash, () => ask(hash)),
    layout: (chart: Chart): Promise<ChartLayout> =>
      remember(layouts, chart.hash, async () => (await drawn(chart.hash).catch(() => null)) ?? draw(chart)),
    /** From a recording: they need not be asked for. */
    put(known: readonly Chart[], drawings: readonly ChartLayout[]): void {
      for (const chart of known) charts.set(chart.hash, Promise.resolve(chart))
      for (const layout of drawings) layouts.set(layout.hash, Promise.resolve(layout))
    },
    forget(): void {
      charts.clear()
      layouts.clear()
    },
  }
}
