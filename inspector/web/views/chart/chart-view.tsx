import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ActorRow, Chart } from '../../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../../layout/layout.ts'
import { everyNode } from '../../../layout/nodes.ts'
import type { Inspector } from '../../model/inspector.ts'
import './chart.css'
import { inWords, litOf } from './lit.ts'
import { Stage } from './stage.tsx'

/** The statechart of the selected actor, live. */

export interface ChartViewProps {
  readonly inspector: Inspector
  readonly row: ActorRow
}

type Loaded =
  | { readonly state: 'loading'; readonly chart: Chart | null }
  | { readonly state: 'drawn'; readonly chart: Chart; readonly layout: ChartLayout }
  | { readonly state: 'failed'; readonly chart: Chart | null; readonly why: string }

/** The chart and its layout stay while the next actor follows the same one. */
function useChart(inspector: Inspector, hash: string | undefined): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading', chart: null })
  useEffect(() => {
    if (hash === undefined) return
    let current = true
    let chart: Chart | null = null
    const tell = (next: Loaded): void => {
      if (current) setLoaded(next)
    }
    tell({ state: 'loading', chart: null })
    const load = async (): Promise<void> => {
      chart = await inspector.chart(hash)
      tell({ state: 'loading', chart })
      tell({ state: 'drawn', chart, layout: await inspector.layout(chart) })
    }
    load().catch((error: unknown) =>
      tell({ state: 'failed', chart, why: error instanceof Error ? error.message : String(error) }),
    )
    return () => {
      current = false
    }
  }, [inspector, hash])
  return loaded
}

/** What there is to see of one that follows no chart. */
const kinds: Readonly<Record<string, string>> = {
  callback:
    'It is a callback: it runs code of the outside world, sends what it finds to its parent, and takes events. It has no states.',
  promise: 'It is a promise: it works once, and its parent is told the outcome. It takes no events and has no states.',
  observable: 'It is an observable: it passes values on as they come. It takes no events and has no states.',
  transition: 'It is a function from each event to the next value. It has no named states.',
}

function WithoutChart({ row }: { readonly row: ActorRow }) {
  return (
    <div class="chart-without">
      <h3>There is no chart of this actor</h3>
      <p>{kinds[row.logic ?? ''] ?? 'It is no machine, so it has no states that could be drawn.'}</p>
      <p>{inWords(row)} What it is sent and what it sends stands in the event log and the sequence.</p>
    </div>
  )
}

/** Before there is a layout, and where there will be none. */
function States({ chart, row, note }: { readonly chart: Chart | null; readonly row: ActorRow; readonly note: string }) {
  const lit = useMemo(() => (chart === null ? null : litOf(chart, row.state)), [chart, row.state])
  return (
    <div class="chart-without">
      <p>{note}</p>
      {chart !== null && (
        <ul class="chart-plain">
          {everyNode(chart.root).map(({ id, key }) => (
            <li key={id} class={lit?.active.has(id) === true ? 'is-active' : ''}>
              {key}
              {lit?.active.has(id) === true && ' (it is here)'}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

export function ChartView({ inspector, row }: ChartViewProps) {
  const loaded = useChart(inspector, row.chart)
  if (row.chart === undefined) return <WithoutChart row={row} />
  if (loaded.state === 'failed')
    return <States chart={loaded.chart} row={row} note={`The chart cannot be drawn: ${loaded.why}`} />
  if (loaded.state === 'loading' || loaded.chart.hash !== row.chart)
    return <States chart={loaded.chart} row={row} note="The chart is being drawn …" />
  return <Stage key={loaded.chart.hash} inspector={inspector} row={row} chart={loaded.chart} layout={loaded.layout} />
}
