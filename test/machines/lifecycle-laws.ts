import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode, StateValue } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import { phases } from '../../src/protocol/lifecycle.ts'

/** What holds for every machine, whatever it is about. */
export interface LawsOptions {
  readonly input: unknown
  /** Every event that it can hear, one sample or more of each. */
  readonly events: readonly AnyEventObject[]
  /** What of its context tells states apart; everything that counts must be left out, or the walk never ends. */
  readonly distinguish?: (context: Record<string, unknown>) => unknown
  /** States that no walk reaches, and why. */
  readonly unreached?: readonly string[]
}

const nameOf = (state: AnyMachineSnapshot): string => stateName(state.value as StateValue)

type Walk = Record<
  string,
  { readonly state: AnyMachineSnapshot; readonly transitions: Record<string, { readonly state: AnyMachineSnapshot }> }
>

const leaves = (node: AnyStateNode): AnyStateNode[] => {
  const children = Object.values(node.states)
  return children.length === 0 ? [node] : children.flatMap(leaves)
}
const tagsOf = (node: AnyStateNode | undefined): string[] => (node === undefined ? [] : [...node.tags, ...tagsOf(node.parent)])

export function obeysLifecycleLaws(name: string, machine: AnyStateMachine, options: LawsOptions): void {
  test(`${name}: every state is in exactly one phase`, () => {
    for (const leaf of leaves(machine.root)) {
      const tags = tagsOf(leaf).filter((tag) => (phases as readonly string[]).includes(tag))
      expect(tags, leaf.id).toHaveLength(1)
    }
  })

  // One walk for all laws: every state that can be told apart, and where each event leads from it.
  const serialize = (state: AnyMachineSnapshot): string =>
    JSON.stringify([state.value, options.distinguish?.(state.context as Record<string, unknown>)])
  let walked: Walk | undefined
  const walk = (): Walk =>
    (walked ??= getAdjacencyMap(machine, {
      input: options.input,
      events: [...options.events],
      serializeState: serialize,
      limit: 200_000,
    }) as unknown as Walk)

  test(`${name}: every state can be reached`, () => {
    const reached = new Set(Object.values(walk()).map(({ state }) => nameOf(state)))
    const all = leaves(machine.root).map((leaf) => leaf.path.join('.'))
    expect(all.filter((state) => !reached.has(state)).sort()).toEqual([...(options.unreached ?? [])].sort())
  })

  test(`${name}: no event breaks it, and from every state it can still be reaped`, () => {
    const nodes = walk()
    const before = new Map<string, string[]>()
    for (const [from, { state, transitions }] of Object.entries(nodes)) {
      expect(state.status, nameOf(state)).not.toBe('error')
      for (const { state: to } of Object.values(transitions))
        before.set(serialize(to), [...(before.get(serialize(to)) ?? []), from])
    }
    const saved = new Set(Object.keys(nodes).filter((key) => nodes[key]?.state.hasTag('reaped')))
    const queue = [...saved]
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      for (const from of before.get(key) ?? []) {
        if (saved.has(from)) continue
        saved.add(from)
        queue.push(from)
      }
    }
    expect(Object.keys(nodes).filter((key) => !saved.has(key))).toEqual([])
  })
}
