import { bounds } from '../bounds.ts'

/** A value as the rows of a tree. */

export interface TreeRow {
  /** From the root: `a.b.0`, each name as JSON pointers write it. */
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly value: unknown
  /** How many there are in it; null: it is no list and no object. */
  readonly size: number | null
  readonly open: boolean
  readonly isHit: boolean
}

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null

const entriesOf = (value: object): ReadonlyArray<readonly [string, unknown]> =>
  Array.isArray(value) ? value.map((one: unknown, index) => [String(index), one] as const) : Object.entries(value)

const step = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** One line for a value. */
export function brief(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.length} ]`
  if (isBranch(value))
    return Object.keys(value).length === 0
      ? '{}'
      : `{ ${Object.keys(value).slice(0, 4).join(', ')}${Object.keys(value).length > 4 ? ', …' : ''} }`
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length <= bounds.treeText ? text : `${text.slice(0, bounds.treeText)}…`
}

/** Which paths are to be open so that every match is seen. */
function hitsIn(root: unknown, words: string): { readonly hits: ReadonlySet<string>; readonly open: ReadonlySet<string> } {
  const [hits, open] = [new Set<string>(), new Set<string>()]
  const wanted = words.toLowerCase()
  const visit = (value: unknown, path: string, name: string): boolean => {
    let within = false
    if (isBranch(value)) for (const [key, inner] of entriesOf(value)) within = visit(inner, `${path}/${step(key)}`, key) || within
    if (within) open.add(path)
    const hit = name.toLowerCase().includes(wanted) || (!isBranch(value) && brief(value).toLowerCase().includes(wanted))
    if (hit) hits.add(path)
    return hit || within
  }
  visit(root, '', '')
  return { hits, open }
}

export interface Tree {
  readonly rows: readonly TreeRow[]
  readonly hits: number
  /** There are more than are shown. */
  readonly cut: boolean
}

/** `flipped`: those that are not as they are at first (the first level is open). */
export function treeOf(root: unknown, flipped: ReadonlySet<string>, words: string): Tree {
  const rows: TreeRow[] = []
  const search = words === '' ? null : hitsIn(root, words)
  let cut = false
  const visit = (value: unknown, path: string, name: string, depth: number): void => {
    if (rows.length >= bounds.treeRows) {
      cut = true
      return
    }
    const size = isBranch(value) ? entriesOf(value).length : null
    const wanted = (search?.open.has(path) ?? false) !== flipped.has(path)
    const open = size !== null && size > 0 && wanted
    rows.push({ path, name, depth, value, size, open, isHit: search?.hits.has(path) ?? false })
    if (open && isBranch(value)) for (const [key, inner] of entriesOf(value)) visit(inner, `${path}/${step(key)}`, key, depth + 1)
  }
  if (isBranch(root)) for (const [key, inner] of entriesOf(root)) visit(inner, `/${step(key)}`, key, 0)
  else visit(root, '/', 'value', 0)
  return { rows, hits: search?.hits.size ?? 0, cut }
}
