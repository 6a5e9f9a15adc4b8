import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ActorRow, Chart } from '../../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../../layout/layout.ts'
import type { Inspector } from '../../model/inspector.ts'
import { Details } from './details.tsx'
import { Drawing } from './drawing.tsx'
import { inWords, litOf, openEdges } from './lit.ts'
import { Notes } from './notes.tsx'
import { flash, paint } from './painting.ts'
import { StateList } from './state-list.tsx'
import { Tools } from './tools.tsx'
import { useViewport } from './use-viewport.ts'
import { opening, scales, showing } from './viewport.ts'

/** A chart on which an actor moves. */

interface StageProps {
  readonly inspector: Inspector
  readonly row: ActorRow
  readonly chart: Chart
  readonly layout: ChartLayout
}

/** ms between two that a screen reader is told. */
const spoken = 2_000

/** At most one text in a while, and always the last. */
function useThrottled(text: string, interval: number): string {
  const [told, setTold] = useState(text)
  useEffect(() => {
    if (told === text) return
    const timer = setTimeout(() => setTold(text), interval)
    return () => clearTimeout(timer)
  }, [text, told, interval])
  return told
}

const pointedBy = (target: EventTarget | null): string | null => {
  const element = target instanceof Element ? target.closest('[data-edge], [data-edges], [data-node]') : null
  const edges = element?.getAttribute('data-edge') ?? element?.getAttribute('data-edges')
  return edges?.split(' ')[0] ?? element?.getAttribute('data-node') ?? null
}

export function Stage({ inspector, row, chart, layout }: StageProps) {
  const frame = useRef<HTMLDivElement>(null)
  const svg = useRef<SVGSVGElement>(null)
  const { view, pane, gliding, go, zoom, fit } = useViewport(frame, layout)
  const [follow, setFollow] = useState(true)
  const [hovered, setHovered] = useState<string | null>(null)
  const [pinned, setPinned] = useState<string | null>(null)
  const lit = useMemo(() => litOf(chart, row.end === undefined ? row.state : undefined), [chart, row.state, row.end])
  const open = useMemo(() => new Set(openEdges(chart, lit).map(({ id }) => id)), [chart, lit])
  const step = inspector.shown.value.lastStep(row.id)
  const pointed = hovered ?? pinned
  const [active] = lit.active
  const box = active === undefined ? undefined : layout.nodes[active]

  useLayoutEffect(() => {
    const fired = new Set(step?.edges)
    if (svg.current !== null) paint(svg.current, { ...lit, phase: row.phase ?? 'active', open, fired, pointed })
  }, [lit, open, row.phase, step, pointed, layout])

  // What happened before one came to this actor is no news.
  const flashed = useRef({ actor: '', seq: -1 })
  useEffect(() => {
    const before = flashed.current
    flashed.current = { actor: row.id, seq: step?.seq ?? -1 }
    if (svg.current !== null && step !== undefined && before.actor === row.id && before.seq !== step.seq)
      flash(svg.current, new Set(step.edges))
  }, [row.id, step])

  const measured = pane.width > 0
  const placed = useRef('')
  useEffect(() => {
    if (!measured) return
    if (placed.current !== row.id) {
      placed.current = row.id
      go(opening(layout, pane, box ?? null))
    } else if (follow && box !== undefined) {
      const next = showing(view, pane, box)
      if (next !== view) go(next)
    }
    // A hand that moves the drawing away may do so, until the actor goes on.
  }, [row.id, active, measured, follow, layout])

  const words = useThrottled(inWords(row), spoken)
  const name = inspector.nameOf(row.id)
  const show = (id: string): void => {
    setPinned(id)
    const there = layout.nodes[id]
    if (there !== undefined) go(showing(view, pane, there))
  }
  return (
    <div class="chart">
      <div class="chart-head">
        <Notes inspector={inspector} row={row} />
        <Tools
          name={name}
          chart={chart}
          layout={layout}
          svg={svg}
          follow={follow}
          onFollow={setFollow}
          zoom={zoom}
          fit={fit}
          say={inspector.say}
        />
      </div>
      <div
        class="chart-pane"
        ref={frame}
        tabIndex={0}
        role="group"
        aria-label={`Chart of ${name}. Arrow keys move it, plus and minus zoom, 0 fits it in.`}
        onPointerOver={({ target }) => setHovered(pointedBy(target))}
        onPointerLeave={() => setHovered(null)}
        onClick={({ target }) => setPinned(pointedBy(target))}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || pinned === null) return
          event.preventDefault()
          setPinned(null)
        }}
      >
        <svg class="chart-svg" ref={svg} aria-hidden="true" width={pane.width} height={pane.height}>
          <g
            class={`chart-camera${gliding ? ' is-gliding' : ''}${view.scale < scales.far ? ' is-far' : ''}`}
            style={{ transform: `scale(${view.scale}) translate(${-view.x}px, ${-view.y}px)`, '--px': `${1 / view.scale}px` }}
          >
            <Drawing chart={chart} layout={layout} />
          </g>
        </svg>
        {pointed !== null && (
          <div class={`chart-details${hovered === null ? ' is-pinned' : ''}`} role="note">
            <Details chart={chart} pointed={pointed} />
          </div>
        )}
      </div>
      <StateList chart={chart} lit={lit} pointed={pinned} onPoint={show} />
      <p class="chart-hidden" aria-live="polite">
        {words}
      </p>
    </div>
  )
}
