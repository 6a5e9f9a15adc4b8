import { isAlias, isMap, isScalar, isSeq, type Alias, type Node, type Scalar } from 'yaml'
import { limits } from '../protocol/limits.ts'

/** Services that are there several times: `instances: 3` on `web` makes web-1, web-2 and web-3. */

export interface Instance {
  /** The name that stands in the file. */
  readonly family: string
  /** From 1. */
  readonly number: number
}

type Targets = ReadonlyMap<Alias, Node>

/** Does this service say how often it is to be there, itself or by what it takes over with `<<`? */
export const wantsInstances = (service: Node, targets: Targets): boolean => instancesIn(service, targets, new Set()) !== undefined

/** How often it is to be there; undefined when what it says is no such number. */
export function countOf(service: Node, targets: Targets, fill: (scalar: Scalar, written: string) => unknown): number | undefined {
  const node = instancesIn(service, targets, new Set())
  if (!isScalar(node)) return undefined
  const { value } = node
  const count = typeof value === 'string' && value.includes('${') ? fill(node, value) : value
  return typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= limits.instances ? count : undefined
}

/** The value of `instances`: of the map itself, else of what is merged into it. */
function instancesIn(node: Node | null | undefined, targets: Targets, seen: Set<Node>): Node | undefined {
  if (node === null || node === undefined || seen.has(node)) return undefined
  seen.add(node)
  if (isAlias(node)) return instancesIn(targets.get(node), targets, seen)
  if (!isMap(node)) return undefined
  const merged: Node[] = []
  for (const { key, value } of node.items) {
    if (!isScalar(key) || value === null) continue
    const held = isAlias(value) ? targets.get(value) : (value as Node)
    if (key.value === 'instances' && !(isScalar(held) && held.value === null)) return held
    if (key.value === '<<' && key.type === 'PLAIN') merged.push(...(isSeq(value) ? (value.items as Node[]) : [value as Node]))
  }
  for (const source of merged) {
    const found = instancesIn(source, targets, seen)
    if (found !== undefined) return found
  }
  return undefined
}
