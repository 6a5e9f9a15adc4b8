import { useState } from 'preact/hooks'
import type { Inspector } from '../../model/inspector.ts'
import type { Entry } from './journal.ts'
import type { Rows } from './use-rows.ts'

/** The entry of a list that is looked at. Arrows, pages and both ends choose one, Enter shows its moment, Escape lets go of it. */

export interface Choice {
  readonly chosen: Entry | null
  choose(entry: Entry | null): void
  /** Also where its moment is the one that is shown. */
  isChosen(entry: Entry): boolean
  onKeyDown(event: KeyboardEvent): void
}

/** The number of the record after which it and what came of it are done. */
export const momentOf = ({ seq, step }: Entry): number => step?.seq ?? seq

/** Entries that a page is: about what is seen at once. */
const page = 12

export function useChoice(inspector: Inspector, list: readonly Entry[], rows: Pick<Rows, 'reveal'>): Choice {
  const [chosen, choose] = useState<Entry | null>(null)
  const shownAt = inspector.moment.value
  return {
    chosen,
    choose,
    isChosen: (entry) => entry === chosen || (shownAt !== null && shownAt === momentOf(entry)),
    onKeyDown(event) {
      if (event.target !== event.currentTarget) return
      const at = chosen === null ? list.length : list.indexOf(chosen)
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: list.length - 1 }[
        event.key
      ]
      if (event.key === 'Escape') choose(null)
      if (event.key === 'Enter' && chosen !== null) inspector.moment.value = momentOf(chosen)
      if (to === undefined) return
      event.preventDefault()
      const next = Math.max(0, Math.min(list.length - 1, to))
      choose(list[next] ?? null)
      rows.reveal(next)
    },
  }
}
