import type { Entry } from './log-buffer.ts'

/** Looking for words in a log. */

export interface Needle {
  /** Parts of a text that match, as [from, to]. */
  in(text: string): ReadonlyArray<readonly [from: number, to: number]>
  has(text: string): boolean
}

/** A text, taken as it stands; capitals count only where it has some. */
export function needleOf(words: string): Needle | null {
  if (words === '') return null
  const counts = words !== words.toLowerCase()
  const wanted = words
  const fold = (text: string): string => (counts ? text : text.toLowerCase())
  return {
    has: (text) => fold(text).includes(wanted),
    in(text) {
      const found: Array<readonly [number, number]> = []
      const folded = fold(text)
      // A letter that becomes two when it is made small would move everything behind it.
      if (folded.length !== text.length) return folded.includes(wanted) ? [[0, text.length]] : []
      for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length))
        found.push([at, at + wanted.length])
      return found
    },
  }
}

/** Indexes of the entries that are shown, and which of them match. */
export function chosen(
  entries: readonly Entry[],
  needle: Needle | null,
  filter: boolean,
): { readonly shown: readonly number[] | null; readonly hits: readonly number[] } {
  if (needle === null) return { shown: null, hits: [] }
  const hits: number[] = []
  const shown: number[] = []
  entries.forEach((entry, index) => {
    const hit = entry.kind === 'line' && needle.has(entry.text)
    if (hit) hits.push(index)
    if (hit || entry.kind === 'mark') shown.push(index)
  })
  return { shown: filter ? shown : null, hits }
}
