import { signal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import type { PageModel } from '../model/page-model.ts'
import { panels } from '../views/panels.ts'

/** What is shown of an actor below its chart. The tab that one was at stays, from actor to actor. */

const chosen = signal<string | null>(null)

export function Tabs({ model, row }: { readonly model: PageModel; readonly row: ActorRow }) {
  const list = useRef<HTMLDivElement>(null)
  const there = panels.filter((panel) => panel.applies(row))
  const at = Math.max(
    0,
    there.findIndex(({ id }) => id === chosen.value),
  )
  const panel = there[at]
  if (panel === undefined) return null
  const go = (to: number): void => {
    const next = there[(to + there.length) % there.length]
    if (next === undefined) return
    chosen.value = next.id
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus()
  }
  const moves: Readonly<Record<string, number>> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: there.length - 1 }
  return (
    <section class="tabs" aria-label="More about it">
      <div
        role="tablist"
        class="tab-list"
        ref={list}
        onKeyDown={(event: KeyboardEvent) => {
          const to = moves[event.key]
          if (to === undefined) return
          event.preventDefault()
          go(to)
        }}
      >
        {there.map(({ id, title }, index) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={index === at}
            aria-controls="tab-panel"
            tabIndex={index === at ? 0 : -1}
            onClick={() => (chosen.value = id)}
          >
            {title}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" class="tab-panel" aria-labelledby={`tab-${panel.id}`} tabIndex={0}>
        <panel.Panel key={`${panel.id} ${row.id}`} inspector={model} row={row} />
      </div>
    </section>
  )
}
