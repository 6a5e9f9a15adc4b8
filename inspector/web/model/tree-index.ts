import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { kindOf, sectionOf, sections, shortName, type SectionId } from './sections.ts'
import { createCounts } from './tree-counts.ts'
import { insertSorted, removeSorted, sortKey, type TreeNode } from './tree-node.ts'

/**
 * The actors as a tree: under headings by kind, processes below their services. It is kept up to date row by row, and tells the rows
 * between two places without going through all of them, so ten thousand are as quick as ten.
 */

export interface TreeFilter {
  /** Part of an address, a state or a reason; empty: every one. */
  readonly text: string
  /** Empty: every one. */
  readonly phases: ReadonlySet<string>
  readonly sections: ReadonlySet<SectionId>
  /** Parts of actors, too, that have no address. */
  readonly inner: boolean
  /** So many of those that have ended last. */
  readonly ended: number
}

export const everything: TreeFilter = { text: '', phases: new Set(), sections: new Set(), inner: false, ended: 20 }

/** One line of the tree. */
export interface TreeLine {
  readonly node: TreeNode
  /** Among its siblings, from 1. */
  readonly place: number
  readonly siblings: number
}

type Actors = ReadonlyMap<string, ActorRow>

export function createTreeIndex() {
  const nodes = new Map<string, TreeNode>()
  const roots = sections.map(({ id, title }): TreeNode => {
    const node = nodeOf(`section:${id}`, null, 1)
    return { ...node, title }
  })
  const rootOf = new Map<SectionId, TreeNode>(sections.map(({ id }, index) => [id, roots[index] as TreeNode]))
  /** Every row as it was last seen, also those that are not in the tree. */
  const rows = new Map<string, ActorRow>()
  const childrenOf = new Map<string, Set<string>>()
  const ended = new Set<string>()
  const closed = new Set<string>(['section:supervision', 'section:connections'])
  const counts = createCounts()
  let filter = everything
  let needle = ''

  const isBucket = (row: ActorRow): boolean =>
    row.address === undefined && row.parent !== undefined && (rows.get(row.parent)?.address ?? '').startsWith('supervisor.')
  const isListed = (row: ActorRow): boolean =>
    (row.address !== undefined || filter.inner) && (row.end === undefined || ended.has(row.id))
  const matches = (row: ActorRow): boolean => {
    if (filter.phases.size > 0 && !filter.phases.has(row.phase ?? '')) return false
    if (filter.sections.size > 0 && !filter.sections.has(sectionOf(row))) return false
    if (needle === '') return true
    return [row.address, row.name, row.id, row.state, row.reason].some((text) => text?.toLowerCase().includes(needle) === true)
  }
  const isOpen = (node: TreeNode): boolean => needle !== '' || !closed.has(node.id)

  /** Where it hangs: below the nearest actor above it that is listed, or under a heading. */
  function placeOf(row: ActorRow): TreeNode {
    const kind = kindOf(row)
    for (let above = row.parent; above !== undefined; above = rows.get(above)?.parent) {
      const parent = rows.get(above)
      if (parent === undefined) break
      if (parent.address === undefined && (!filter.inner || isBucket(parent))) continue
      if (kindOf(parent) === 'supervisor' && kind !== 'supervisor' && kind !== null) break
      return nodes.get(above) ?? rootOf.get(sectionOf(row)) ?? (roots.at(-1) as TreeNode)
    }
    return rootOf.get(sectionOf(row)) ?? (roots.at(-1) as TreeNode)
  }
  const sizeOf = (node: TreeNode): number => {
    if (!node.matches && node.shownChildren === 0) return 0
    return 1 + (isOpen(node) ? node.inside : 0)
  }
  /** Tells those above that a node takes another number of lines. */
  function resize(node: TreeNode): void {
    for (let at: TreeNode | null = node; at !== null; at = at.parent) {
      const size = sizeOf(at)
      const change = size - at.size
      const appears = Number(size > 0) - Number(at.size > 0)
      if (change === 0) return
      at.size = size
      if (at.parent === null) return
      at.parent.inside += change
      at.parent.shownChildren += appears
    }
  }
  function detach(node: TreeNode): void {
    const { parent } = node
    nodes.delete(node.id)
    if (parent === null) return
    removeSorted(parent.children, node)
    parent.inside -= node.size
    if (node.size > 0) parent.shownChildren--
    resize(parent)
  }
  function attach(row: ActorRow): void {
    const parent = placeOf(row)
    const node = nodeOf(row.id, row, parent.level + 1)
    node.parent = parent
    node.matches = matches(row)
    nodes.set(row.id, node)
    insertSorted(parent.children, node)
    resize(node)
  }
  /** Takes those below a row out, and puts them where they belong now. */
  function replace(id: string): void {
    const below = [id]
    for (let index = 0; index < below.length; index++) {
      for (const child of childrenOf.get(below[index] ?? '') ?? []) below.push(child)
    }
    for (const one of below.toReversed()) {
      const node = nodes.get(one)
      if (node !== undefined) detach(node)
    }
    for (const one of below) {
      const row = rows.get(one)
      if (row !== undefined && isListed(row)) attach(row)
    }
  }
  function link(row: ActorRow): void {
    if (row.parent === undefined) return
    const children = childrenOf.get(row.parent)
    if (children === undefined) childrenOf.set(row.parent, new Set([row.id]))
    else children.add(row.id)
  }
  function unlink(row: ActorRow): void {
    if (row.parent === undefined) return
    const children = childrenOf.get(row.parent)
    children?.delete(row.id)
    if (children?.size === 0) childrenOf.delete(row.parent)
  }
  /** Who has ended and is listed; the one that falls off the end of it is not. */
  function end(row: ActorRow): void {
    if (row.address === undefined && !filter.inner) return
    ended.add(row.id)
    for (const id of ended) {
      if (ended.size <= filter.ended) return
      ended.delete(id)
      if (id !== row.id) replace(id)
    }
  }
  function update(id: string, row: ActorRow | undefined): void {
    const before = rows.get(id)
    if (before === row) return
    counts.change(before, row)
    if (row === undefined) {
      rows.delete(id)
      ended.delete(id)
      if (before !== undefined) unlink(before)
      replace(id)
      return
    }
    rows.set(id, row)
    const node = nodes.get(id)
    if (before !== undefined && node !== undefined && before.address === row.address && before.end === row.end) {
      node.row = row
      const match = matches(row)
      if (match === node.matches) return
      node.matches = match
      resize(node)
      return
    }
    if (before === undefined) link(row)
    if (row.end === undefined) ended.delete(id)
    else if (before?.end === undefined) end(row)
    if (before === undefined || before.address !== row.address || before.end !== row.end) replace(id)
  }
  function rebuild(actors: Actors): void {
    nodes.clear()
    rows.clear()
    childrenOf.clear()
    ended.clear()
    counts.clear()
    for (const root of roots) Object.assign(root, { children: [], inside: 0, shownChildren: 0, size: 0 })
    for (const row of actors.values()) {
      rows.set(row.id, row)
      link(row)
      counts.change(undefined, row)
    }
    const gone = Array.from(actors.values()).filter((row) => row.end !== undefined && (filter.inner || row.address !== undefined))
    for (const { id } of gone.sort((a, b) => a.since - b.since).slice(-filter.ended || gone.length)) ended.add(id)
    // Parents first: what hangs below them has to find them.
    const depth = (row: ActorRow): number => {
      let levels = 0
      for (let above = row.parent; above !== undefined && levels < 64; above = rows.get(above)?.parent) levels++
      return levels
    }
    const listed = Array.from(actors.values()).filter(isListed)
    const sorted = listed.map((row) => ({ row, levels: depth(row), key: sortKey(row) }))
    sorted.sort((a, b) => a.levels - b.levels || (a.key < b.key ? -1 : 1))
    for (const { row } of sorted) attach(row)
  }
  /** Looks anew who matches, and how many lines that makes; everybody stays where they are. */
  function sift(node: TreeNode): void {
    node.matches = node.row !== null && matches(node.row)
    node.children.forEach(sift)
    node.inside = node.children.reduce((sum, { size }) => sum + size, 0)
    node.shownChildren = node.children.reduce((sum, { size }) => sum + Number(size > 0), 0)
    node.size = sizeOf(node)
  }
  function linesIn(node: TreeNode, from: number, to: number, lines: TreeLine[]): void {
    let at = 0
    let place = 0
    for (const child of node.children) {
      if (at >= to) return
      if (child.size === 0) continue
      place++
      if (at + child.size > from) {
        if (at >= from) lines.push({ node: child, place, siblings: node.shownChildren })
        if (child.size > 1) linesIn(child, from - at - 1, to - at - 1, lines)
      }
      at += child.size
    }
  }

  return {
    counts,
    nodes: nodes as ReadonlyMap<string, TreeNode>,
    get filter(): TreeFilter {
      return filter
    },
    /** How many lines there are. */
    get size(): number {
      return roots.reduce((sum, { size }) => sum + size, 0)
    },
    node: (id: string): TreeNode | undefined => nodes.get(id) ?? roots.find((root) => root.id === id),
    isOpen,
    /** Takes over the rows of these, or of all. */
    update(actors: Actors, touched: ReadonlySet<string> | null): void {
      if (touched === null) rebuild(actors)
      else for (const id of touched) update(id, actors.get(id))
    },
    select(next: TreeFilter, actors: Actors): void {
      const others = next.inner !== filter.inner || next.ended !== filter.ended
      filter = next
      needle = next.text.trim().toLowerCase()
      if (others || rows.size === 0) rebuild(actors)
      else roots.forEach(sift)
    },
    open(id: string, on: boolean): void {
      if (on) closed.delete(id)
      else closed.add(id)
      const node = nodes.get(id) ?? roots.find((root) => root.id === id)
      if (node !== undefined) resize(node)
    },
    /** Everything right under a heading, whether it is shown or not. */
    below: (id: SectionId): readonly TreeNode[] => rootOf.get(id)?.children ?? [],
    /** The lines from one place (from 0) up to another. */
    lines(from: number, to: number): readonly TreeLine[] {
      const lines: TreeLine[] = []
      const all = { children: roots, shownChildren: roots.filter(({ size }) => size > 0).length }
      linesIn(all as TreeNode, from, to, lines)
      return lines
    },
    /** At which line it stands, from 0; -1: it does not. */
    placeOf(id: string): number {
      let node = nodes.get(id) ?? roots.find((root) => root.id === id)
      if (node === undefined || node.size === 0) return -1
      let place = 0
      for (; node !== undefined; node = node.parent ?? undefined) {
        const siblings: readonly TreeNode[] = node.parent?.children ?? roots
        for (const sibling of siblings) {
          if (sibling === node) break
          place += sibling.size
        }
        if (node.parent === null) return place
        if (node.parent.size === 0 || !isOpen(node.parent)) return -1
        place++
      }
      return -1
    },
  }
  function nodeOf(id: string, row: ActorRow | null, level: number): TreeNode {
    return {
      id,
      row,
      title: row === null ? '' : shortName(row),
      key: row === null ? '' : sortKey(row),
      parent: null,
      children: [],
      level,
      matches: false,
      inside: 0,
      shownChildren: 0,
      size: 0,
    }
  }
}
export type TreeIndex = ReturnType<typeof createTreeIndex>
