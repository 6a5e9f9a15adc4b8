import { setup } from 'xstate'
import type { Dialect, Effect, Heard } from '../../src/protocol/dialect.ts'
import type { ActorRow, Chart, InspectionItem, InspectionRecord } from '../../src/protocol/inspection.ts'
import { fold } from '../dialects/compliance.ts'
import { chartOf } from '../../src/inspection/chart.ts'

/** A publication that somebody folds: the orchestrator behind it answers from what the test says. */

export const lamp = setup({ guards: { mayGlow: () => true }, actions: { click: () => {} } }).createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { tags: 'active', on: { ON: { guard: 'mayGlow', target: 'on', actions: 'click' } } },
    on: {
      initial: 'dim',
      tags: 'active',
      states: { dim: { after: { 500: 'bright' } }, bright: { tags: 'hot' } },
      on: { OFF: 'off' },
    },
  },
})

export const rootRow: ActorRow = { id: 'x:0', name: 'orchestrator', chart: 'lamp', state: 'off', since: 1, events: 0 }
export const webRow: ActorRow = {
  id: 'x:1',
  address: 'service.web',
  parent: 'x:0',
  chart: 'lamp',
  phase: 'active',
  state: 'on.dim',
  since: 2,
  events: 1,
}
export const partRow: ActorRow = { id: 'x:2', name: 'child', parent: 'x:1', logic: 'callback', since: 2, events: 0 }

export const begin = (actors: number, changes: object = {}): InspectionItem => ({
  type: 'begin',
  run: 'r',
  seq: 10,
  at: 1_000,
  resumed: false,
  actors,
  ...changes,
})
const standing = { phase: 'active', since: 3 } as const
export const step = (seq: number, actor: string, was: string, is: string, changes: object = {}): InspectionRecord => ({
  type: 'step',
  seq,
  at: 2_000 + seq,
  actor,
  event: 'ON',
  edges: [],
  was: { ...standing, state: was },
  is: { ...standing, state: is },
  ...changes,
})

type Invoke = Extract<Effect, { type: 'invoke' }>

/** Folds, and answers what is asked for: charts at once, contexts as `contexts` says, the rest not at all. */
export function publish<State>(
  dialect: Dialect<State>,
  contexts: (id: string) => unknown = (id) => ({ of: id }),
  at = 10,
  chart: Chart = chartOf(lamp),
) {
  let state = dialect.initial
  const written: string[] = []
  const invoked: Invoke[] = []
  const effects: Effect[] = []
  let watch = ''
  function hear(heard: Heard): Effect[] {
    const told = fold(dialect, [heard], state)
    state = told.state
    effects.push(...told.effects)
    for (const effect of told.effects) if (effect.type === 'write') written.push(effect.text)
    for (const effect of told.effects) {
      if (effect.type === 'subscribe') {
        watch = effect.corr
        hear({ type: 'replied', corr: watch, reply: { ok: true, output: null } })
      }
      if (effect.type !== 'invoke') continue
      const answer = (output: unknown) => hear({ type: 'replied', corr: effect.corr, reply: { ok: true, output } })
      if (effect.command === 'inspection.chart') answer(chart)
      else if (effect.command === 'inspection.context') {
        const { actors } = effect.input as { readonly actors: readonly string[] }
        answer({ seq: at, contexts: actors.map((id) => ({ id, context: contexts(id) })), left_out: 0 })
      } else invoked.push(effect)
    }
    return told.effects
  }
  let seq = 0
  return {
    hear,
    effects,
    invoked,
    state: () => state,
    say: (message: unknown) => hear({ type: 'message', text: JSON.stringify(message) }),
    tell: (...items: readonly InspectionItem[]) => {
      for (const item of items) hear({ type: 'item', corr: watch, seq: ++seq, item })
    },
    /** What was written since it was asked last. */
    frames: (): Array<Record<string, unknown>> => written.splice(0).map((text) => JSON.parse(text) as Record<string, unknown>),
    texts: () => written.splice(0),
  }
}
