import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { shortName } from './sections.ts'

/** One line of the tree, with what hangs below it. The index alone changes it. */
export interface TreeNode {
  readonly id: string
  /** null: a heading. */
  row: ActorRow | null
  readonly title: string
  readonly key: string
  parent: TreeNode | null
  readonly children: TreeNode[]
  /** From 1. */
  readonly level: number
  /** Is it what is looked for? */
  matches: boolean
  /** Lines of its children together, were it open. */
  inside: number
  /** Children that take a line at all. */
  shownChildren: number
  /** Lines of itself and all below it. */
  size: number
}

/** By name, numbers by their worth; those that live first. */
export function sortKey(row: ActorRow): string {
  const name = shortName(row)
    .toLowerCase()
    .replace(/\d+/g, (digits) => digits.padStart(12, '0'))
  return `${row.end === undefined ? 0 : 1}${name}\u0000${row.id.replace(/\d+/g, (digits) => digits.padStart(12, '0'))}`
}

function placeIn(children: readonly TreeNode[], key: string): number {
  let [low, high] = [0, children.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((children[middle]?.key ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

export function insertSorted(children: TreeNode[], node: TreeNode): void {
  const last = children.at(-1)
  if (last === undefined || last.key < node.key) children.push(node)
  else children.splice(placeIn(children, node.key), 0, node)
}

export function removeSorted(children: TreeNode[], node: TreeNode): void {
  const place = placeIn(children, node.key)
  if (children[place] === node) children.splice(place, 1)
}
