import type { Entry } from './log-buffer.ts'

/** Where each row of a log stands, so that only those that are seen are drawn. */

export interface Rows {
  readonly count: number
  /** px */
  readonly height: number
  /** The index of its entry. */
  at(row: number): number
  /** px from the top. */
  top(row: number): number
  /** The row at this height. */
  find(top: number): number
}

/** px; as in logs.css. */
export const rowHeight = 18

/** `columns`: how many letters a row has room for; null: rows are never broken. */
export function rowsOf(entries: readonly Entry[], end: number, shown: readonly number[] | null, columns: number | null): Rows {
  const within = shown === null ? null : shown.filter((index) => index < end)
  const count = within?.length ?? end
  const at = (row: number): number => within?.[row] ?? row
  if (columns === null) {
    return {
      count,
      at,
      height: count * rowHeight,
      top: (row) => row * rowHeight,
      find: (top) => Math.floor(top / rowHeight),
    }
  }
  const tops = new Float64Array(count + 1)
  for (let row = 0; row < count; row++) {
    const lines = Math.max(1, Math.ceil((entries[at(row)]?.columns ?? 0) / columns))
    tops[row + 1] = (tops[row] ?? 0) + lines * rowHeight
  }
  return {
    count,
    at,
    height: tops[count] ?? 0,
    top: (row) => tops[Math.min(row, count)] ?? 0,
    find(top) {
      let [low, high] = [0, count]
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if ((tops[middle] ?? 0) <= top) low = middle
        else high = middle - 1
      }
      return low
    },
  }
}
