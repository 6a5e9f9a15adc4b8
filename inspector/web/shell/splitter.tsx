import { signal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { bounds } from '../model/bounds.ts'

/** Between a chart and what stands below it: it is moved by hand or by keys, and stays where it was put. */

const key = 'hyphae.split'
const { least, most, first, step } = bounds.split

const between = (value: number): number => Math.round(Math.max(least, Math.min(most, value)))

const kept = (): number => {
  try {
    const value = Number(localStorage.getItem(key) ?? first)
    return Number.isFinite(value) ? between(value) : first
  } catch {
    return first
  }
}

/** % of the height that the chart has. */
export const share = signal(kept())

function put(value: number): void {
  share.value = between(value)
  try {
    localStorage.setItem(key, String(share.value))
  } catch {
    // It holds for this page, then.
  }
}

export function Splitter({ controls }: { readonly controls: string }) {
  const bar = useRef<HTMLDivElement>(null)
  const moves: Readonly<Record<string, () => number>> = {
    ArrowUp: () => share.value - step,
    ArrowDown: () => share.value + step,
    PageUp: () => share.value - 4 * step,
    PageDown: () => share.value + 4 * step,
    Home: () => least,
    End: () => most,
    Enter: () => first,
  }
  return (
    <div
      ref={bar}
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label="Height of the chart"
      aria-controls={controls}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={share.value}
      aria-valuetext={`${share.value} %`}
      title="Drag it, or use the arrow keys; Enter or a double click puts it back"
      onDblClick={() => put(first)}
      onKeyDown={(event: KeyboardEvent) => {
        const to = moves[event.key]
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        put(to())
      }}
      onPointerDown={(event: PointerEvent) => {
        if (event.button !== 0) return
        bar.current?.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event: PointerEvent) => {
        const box = bar.current?.parentElement?.getBoundingClientRect()
        if (box === undefined || bar.current?.hasPointerCapture(event.pointerId) !== true) return
        put(((event.clientY - box.top) / box.height) * 100)
      }}
    />
  )
}
