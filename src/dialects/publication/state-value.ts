import type { ChartNode } from '../../protocol/inspection.ts'

/** What XState calls a state's value: a name, or by the name of each state the value within it. */
export type StateValue = string | { readonly [key: string]: StateValue }

type Read = readonly [value: StateValue, rest: string]

/** A name ends where the text does, or at what joins it to the next one. */
const startsWithKey = (text: string, key: string): boolean =>
  text.startsWith(key) && (text.length === key.length || text[key.length] === '.' || text[key.length] === ',')

/** Names may hold dots themselves: the longest that fits is meant. */
const childIn = (node: ChartNode, text: string): ChartNode | undefined =>
  node.states.filter(({ key }) => startsWithKey(text, key)).sort((a, b) => b.key.length - a.key.length)[0]

function readRegions(node: ChartNode, text: string): Read {
  const value: Record<string, StateValue> = {}
  let rest = text
  for (;;) {
    const region = childIn(node, rest)
    if (region === undefined || Object.hasOwn(value, region.key)) break
    const [inner, after] = readWithin(region, rest.slice(region.key.length))
    value[region.key] = inner
    rest = after
    // What follows may be a region of ours, or of the one that we are in.
    const next = rest.startsWith(',') ? childIn(node, rest.slice(1)) : undefined
    if (next === undefined || Object.hasOwn(value, next.key)) break
    rest = rest.slice(1)
  }
  return [value, rest]
}

/** After the name of a state: what it is in. */
function readWithin(node: ChartNode, text: string): Read {
  const rest = text.startsWith('.') ? text.slice(1) : text
  if (node.states.length === 0) return [{}, rest]
  return readValue(node, rest)
}

function readValue(node: ChartNode, text: string): Read {
  if (node.type === 'parallel') return readRegions(node, text)
  const child = childIn(node, text)
  if (child === undefined) return [node.initial ?? '', text]
  const rest = text.slice(child.key.length)
  if (child.states.length === 0) return [child.key, rest]
  const [inner, after] = readWithin(child, rest)
  return [{ [child.key]: inner }, after]
}

/** The value that a row's `state` stands for: `open.live`, or `link.open,auth.anon` of a chart with regions. */
export function stateValueOf(root: ChartNode, state: string): StateValue {
  return readValue(root, state)[0]
}

/** Every state that it is in, the outer ones first. */
export function activeNodes(root: ChartNode, value: StateValue): readonly ChartNode[] {
  const inner = typeof value === 'string' ? [[value, ''] as const] : Object.entries(value)
  return [
    root,
    ...inner.flatMap(([key, within]) => {
      const child = root.states.find((one) => one.key === key)
      return child === undefined ? [] : activeNodes(child, within)
    }),
  ]
}

export const tagsOf = (root: ChartNode, value: StateValue): readonly string[] => [
  ...new Set(activeNodes(root, value).flatMap(({ tags }) => tags)),
]
