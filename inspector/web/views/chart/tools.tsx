import type { RefObject } from 'preact'
import type { Chart } from '../../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../../layout/layout.ts'
import { download } from '../../model/download.ts'
import type { Inspector } from '../../model/inspector.ts'
import { copy } from '../copy.ts'
import { mermaidOf } from './mermaid.ts'
import { svgFileOf } from './svg-file.ts'
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
  const copyChart = (): void => {
    copy(mermaidOf(chart)).then(
      () => say('The chart was copied as a mermaid diagram.'),
      // A file says the same.
      () => {
        download(`${chart.root.key}.mmd`, mermaidOf(chart), 'text/plain')
        say('The browser keeps its clipboard to itself; the mermaid diagram was saved as a file.')
      },
    )
  }
  const save = (): void => {
    if (svg.current === null) return
    download(`${name}.svg`.replaceAll(/[^\w.-]+/g, '-'), svgFileOf(svg.current, layout), 'image/svg+xml')
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
      <button type="button" aria-label="Copy as Mermaid" title="Copy as Mermaid" onClick={copyChart}>
        Mermaid
      </button>
      <button type="button" aria-label="Download SVG" title="Download SVG" onClick={save}>
        SVG
      </button>
    </div>
  )
}
