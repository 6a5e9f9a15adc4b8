import { createHash } from 'node:crypto'
import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { Chart, ChartEdge, ChartNode } from '../protocol/inspection.ts'

/**
 * A machine as it can be drawn: what stands in its definition and nothing of what fills it in, so that the same definition
 * has the same chart and the same hash wherever and however it is provided for.
 */

/** A transition as XState keeps it: steps are reported with these very objects. */
export type Transition = AnyStateNode['transitions'] extends Map<string, Array<infer T>> ? T : never

/** `xstate.after.grace.x` reads "after grace". `any`: what all children are called, where an event may be of any. */
export function labelOf(eventType: string, any = 'process'): string {
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType)
  if (after?.[1] !== undefined) return `after ${after[1]}`
  const ended = /^xstate\.(done|error)\.actor\.(\w+|\*)$/.exec(eventType)
  if (ended !== null) return `${ended[2] === '*' ? any : ended[2]} ${ended[1] === 'done' ? 'ended' : 'failed'}`
  return eventType
}

/** A guard or an action by its name: `mine`, `assign`, `not(isAlone)`; one without a name is "inline". */
function nameOf(one: unknown): string {
  if (typeof one === 'string') return one
  if (typeof one === 'object' && one !== null && 'type' in one) return String(one.type)
  if (typeof one !== 'function') return 'inline'
  const { guards, type } = one as { readonly guards?: readonly unknown[]; readonly type?: unknown }
  if (guards !== undefined) return `${one.name}(${guards.map(nameOf).join(', ')})`
  if (typeof type === 'string') return type.replace(/^xstate\./, '')
  return /^[A-Za-z_]\w*$/.test(one.name) && !['actions', 'guard', 'entry', 'exit'].includes(one.name) ? one.name : 'inline'
}

/** What XState adds by itself to arm and to cancel the timers of `after`. */
function isImplicit(action: unknown): boolean {
  if (typeof action !== 'function') return false
  const { type, id, sendId } = action as { readonly type?: unknown; readonly id?: unknown; readonly sendId?: unknown }
  const about = type === 'xstate.raise' ? id : type === 'xstate.cancel' ? sendId : undefined
  return typeof about === 'string' && about.startsWith('xstate.after.')
}
const actionsOf = (actions: readonly unknown[]): string[] => actions.filter((one) => !isImplicit(one)).map(nameOf)

/** All transitions out of a state, in the order in which edges are numbered. */
const transitionsOf = (node: AnyStateNode): Transition[] => [...[...node.transitions.values()].flat(), ...(node.always ?? [])]

interface Charted {
  readonly chart: Chart
  /** By the transition: the id of its edge. */
  readonly edges: ReadonlyMap<Transition, string>
}
const charted = new WeakMap<AnyStateMachine, Charted>()

function draw(machine: AnyStateMachine): Charted {
  const edges = new Map<Transition, string>()
  const any = machine.id === 'service' ? 'process' : 'child'

  function edgeOf(source: AnyStateNode, transition: Transition, index: number): ChartEdge {
    const id = `${source.id}#${index}`
    edges.set(transition, id)
    const type = String(transition.eventType)
    return {
      id,
      type,
      label: type === '' ? 'always' : labelOf(type, any),
      guard: transition.guard === undefined ? null : nameOf(transition.guard),
      actions: actionsOf(transition.actions),
      targets: (transition.target ?? []).map((target) => target.id),
    }
  }
  const nodeOf = (node: AnyStateNode): ChartNode => ({
    id: node.id,
    key: node.key,
    type: node.type,
    initial: node.type === 'compound' ? (node.initial?.target?.[0]?.key ?? null) : null,
    tags: [...node.tags],
    entry: actionsOf(node.entry),
    exit: actionsOf(node.exit),
    invoke: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : 'inline' })),
    edges: transitionsOf(node).map((transition, index) => edgeOf(node, transition, index)),
    states: Object.values(node.states).map(nodeOf),
  })
  const root = nodeOf(machine.root)
  return { chart: { hash: createHash('sha256').update(JSON.stringify(root)).digest('base64url').slice(0, 8), root }, edges }
}

function chartedOf(machine: AnyStateMachine): Charted {
  const known = charted.get(machine) ?? draw(machine)
  charted.set(machine, known)
  return known
}

/** The chart of a machine, made once for each. */
export const chartOf = (machine: AnyStateMachine): Chart => chartedOf(machine).chart

/** The id of the edge that a transition is; undefined where its machine's chart has none (it was made on the fly). */
export const edgeIdOf = (transition: Transition): string | undefined =>
  chartedOf(transition.source.machine as AnyStateMachine).edges.get(transition)
