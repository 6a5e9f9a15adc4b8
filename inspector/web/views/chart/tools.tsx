import type { RefObject } from 'preact'
import type { Chart } from '../../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../../layout/layout.ts'
import type { Inspector } from '../../model/inspector.ts'
import { mermaidOf } from './mermaid.ts'
import { download, svgFileOf } from './svg-file.ts'
import { scales } from './viewport.ts'

/** The buttons above a chart. */

interface ToolsProps {
  readonly name: string
  readonly chart: Chart
  readonly layout: ChartLayout
  readonly svg: RefObject<SVGSVGElement | null>
  readonly follow: boolean
  onFollow(follow: boolean): void
  zoom(by: number): void
  fit(): void
  say: Inspector['say']
}

export function Tools({ name, chart, layout, svg, follow, onFollow, zoom, fit, say }: ToolsProps) {
  const copy = (): void => {
    const copied =
      navigator.clipboard === undefined
        ? Promise.reject(new Error('no clipboard'))
        : navigator.clipboard.writeText(mermaidOf(chart))
    copied.then(
      () => say('The chart was copied as a mermaid diagram.'),
      // Without TLS, or without leave, a page may not write there; a file says the same.
      () => {
        download(`${chart.root.key}.mmd`, 'text/plain', mermaidOf(chart))
        say('The browser keeps its clipboard to itself; the mermaid diagram was saved as a file.')
      },
    )
  }
  const save = (): void => {
    if (svg.current === null) return
    download(`${name}.svg`.replaceAll(/[^\w.-]+/g, '-'), 'image/svg+xml', svgFileOf(svg.current, layout))
  }
  return (
    <div class="chart-tools" role="toolbar" aria-label="Chart">
      <button type="button" aria-label="Zoom out" title="Zoom out (−)" onClick={() => zoom(1 / scales.step)}>
        −
      </button>
      <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(scales.step)}>
        +
      </button>
      <button type="button" title="All of it (0)" onClick={fit}>
        Fit
      </button>
      <button type="button" aria-pressed={follow} title="Bring the active state into view" onClick={() => onFollow(!follow)}>
        Follow
      </button>
      <button type="button" onClick={copy}>
        Copy as Mermaid
      </button>
      <button type="button" onClick={save}>
        Download SVG
      </button>
    </div>
  )
}
