import type { Chart, ChartEdge, ChartNode } from '../../protocol/inspection.ts'

/** A chart as the config that XState would make it from, in the words of one of its versions. */

export interface ConfigWords {
  /** A transition, with its targets by their ids. */
  readonly transition: (edge: ChartEdge, from: ChartNode) => object
  readonly action: (name: string) => unknown
  /** What this version calls an event. */
  readonly event: (type: string) => string
}

type Transitions = Record<string, object[]>

/** `xstate.after.<delay>.<id of the state>` */
function delayOf({ type }: ChartEdge, { id }: ChartNode): string | undefined {
  const [before, after] = ['xstate.after.', `.${id}`]
  return type.startsWith(before) && type.endsWith(after) && type.length > before.length + after.length
    ? type.slice(before.length, -after.length)
    : undefined
}

function nodeConfig(node: ChartNode, words: ConfigWords): object {
  // What comes from outside names them: nothing of a prototype may be hit.
  const on = Object.create(null) as Transitions
  const after = Object.create(null) as Transitions
  const always: object[] = []
  const onDone: object[] = []
  const ends = new Map(node.invoke.map(({ id }) => [id, { onDone: [] as object[], onError: [] as object[] }]))
  for (const edge of node.edges) {
    const transition = words.transition(edge, node)
    const delay = delayOf(edge, node)
    const done = ends.get(edge.type.replace(/^xstate\.done\.actor\./, ''))?.onDone
    const failed = ends.get(edge.type.replace(/^xstate\.error\.actor\./, ''))?.onError
    if (edge.type === '') always.push(transition)
    else if (delay !== undefined) (after[delay] ??= []).push(transition)
    else if (edge.type === `xstate.done.state.${node.id}`) onDone.push(transition)
    else if (done !== undefined && edge.type.startsWith('xstate.done.')) done.push(transition)
    else if (failed !== undefined && edge.type.startsWith('xstate.error.')) failed.push(transition)
    else (on[words.event(edge.type)] ??= []).push(transition)
  }
  const named = (key: string, list: readonly unknown[]): object => (list.length === 0 ? {} : { [key]: list })
  const keyed = (key: string, all: object): object => (Object.keys(all).length === 0 ? {} : { [key]: all })
  return {
    id: node.id,
    ...(node.type === 'parallel' || node.type === 'final' || node.type === 'history' ? { type: node.type } : {}),
    ...(node.initial === null || node.type !== 'compound' ? {} : { initial: node.initial }),
    ...named('tags', node.tags),
    ...named('entry', node.entry.map(words.action)),
    ...named('exit', node.exit.map(words.action)),
    ...named(
      'invoke',
      node.invoke.map(({ id, src }) => ({
        id,
        src,
        ...named('onDone', ends.get(id)?.onDone ?? []),
        ...named('onError', ends.get(id)?.onError ?? []),
      })),
    ),
    ...keyed('on', on),
    ...keyed('after', after),
    ...named('always', always),
    ...named('onDone', onDone),
    ...keyed('states', Object.fromEntries(node.states.map((inner) => [inner.key, nodeConfig(inner, words)]))),
  }
}

export const configOf = ({ root }: Chart, words: ConfigWords): object => nodeConfig(root, words)
