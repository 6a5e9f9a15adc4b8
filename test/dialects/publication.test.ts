import { describe, expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { activeNodes, stateValueOf, tagsOf } from '../../src/dialects/publication/state-value.ts'
import { xstateInspect } from '../../src/dialects/xstate-inspect.ts'
import { stateName } from '../../src/directory.ts'
import type { Effect, Heard } from '../../src/protocol/dialect.ts'
import type { ActorRow, InspectionItem } from '../../src/protocol/inspection.ts'
import { limits } from '../../src/protocol/limits.ts'
import { chartOf } from '../../src/inspection/chart.ts'
import { begin, lamp, publish, rootRow, step, webRow } from '../support/published.ts'
import { fold } from './compliance.ts'

/** What holds for every inspector of the ecosystem, whatever its words: its order, its bounds, its beginnings. */

const inspecting = { type: 'message', text: '{"type":"xstate.inspecting"}' } as const
const short = (frames: ReadonlyArray<Record<string, unknown>>) =>
  frames.map(({ type, sessionId }) => `${String(type)} ${String(sessionId)}`)
const rows = (count: number, from = 1): ActorRow[] =>
  Array.from({ length: count }, (_, index) => ({ ...webRow, id: `x:${from + index}`, address: `service.s${from + index}` }))

function inspector(...given: Parameters<typeof publish> extends [unknown, ...infer R] ? R : never) {
  const one = publish(xstateInspect, ...given)
  one.hear({ type: 'opened', authenticated: true })
  one.hear(inspecting)
  return one
}
const ofType = (effects: readonly Effect[], type: Effect['type']) => effects.filter((effect) => effect.type === type)

describe('the order', () => {
  test('nothing of an actor is told before itself, however late its chart and its context come', () => {
    const { state, effects } = fold(xstateInspect, [
      inspecting,
      { type: 'item', corr: '1', seq: 1, item: begin(1) },
      { type: 'item', corr: '1', seq: 2, item: { type: 'actors', actors: [webRow] } },
      { type: 'item', corr: '1', seq: 3, item: { type: 'records', records: [step(11, 'x:1', 'on.dim', 'off')] } },
    ])
    expect(ofType(effects, 'write')).toEqual([])
    const asked = (command: string) =>
      effects.flatMap((effect) => (effect.type === 'invoke' && effect.command === command ? [effect.corr] : []))[0] ?? ''
    const contexts = { seq: 10, contexts: [{ id: 'x:1', context: {} }], left_out: 0 }
    const withContext = fold(
      xstateInspect,
      [{ type: 'replied', corr: asked('inspection.context'), reply: { ok: true, output: contexts } }],
      state,
    )
    expect(ofType(withContext.effects, 'write')).toEqual([])
    const withChart = fold(
      xstateInspect,
      [{ type: 'replied', corr: asked('inspection.chart'), reply: { ok: true, output: chartOf(lamp) } }],
      withContext.state,
    )
    const frames = ofType(withChart.effects, 'write').map((effect) => JSON.parse((effect as { text: string }).text) as object)
    expect(frames).toMatchObject([{ type: 'service.register' }, { type: 'service.state' }])
  })

  test('a new actor is registered in its place among the events of the others', () => {
    const one = inspector()
    one.tell(begin(1), { type: 'actors', actors: [rootRow] })
    one.tell({
      type: 'records',
      records: [
        { type: 'event', seq: 11, at: 1, to: 'x:0', event: 'GO' },
        { type: 'actor', seq: 12, at: 1, actor: webRow },
        step(13, 'x:0', 'off', 'on.dim'),
        step(14, 'x:1', 'on.dim', 'off'),
      ],
    })
    expect(short(one.frames())).toEqual([
      'service.register x:0',
      'service.event x:0',
      'service.register x:1',
      'service.state x:0',
      'service.state x:1',
    ])
  })

  test('a context that is newer than a step is not turned back by it', () => {
    const one = inspector(() => ({ count: 3 }), 12)
    one.tell(begin(1), { type: 'actors', actors: [webRow] })
    const counted = (seq: number, before: number) =>
      step(seq, 'x:1', 'on.dim', 'on.dim', { changes: { count: [before, before + 1] } })
    one.tell({ type: 'records', records: [counted(11, 1), counted(12, 2), counted(13, 3)] })
    const counts = one.frames().map(({ state }) => (JSON.parse(String(state)) as { context: { count: number } }).context.count)
    expect(counts).toEqual([3, 3, 3, 4])
  })

  test('an answer from before a new present tells nothing any more', () => {
    const asked = (effects: readonly Effect[]) =>
      effects.flatMap((effect) => (effect.type === 'invoke' && effect.command === 'inspection.context' ? [effect.corr] : []))
    const answer = (corr: string, seq: number): Heard => ({
      type: 'replied',
      corr,
      reply: { ok: true, output: { seq, contexts: [{ id: 'x:1', context: { seq } }], left_out: 0 } },
    })
    const item = (given: InspectionItem): Heard => ({ type: 'item', corr: '1', seq: 1, item: given })
    const present = [item(begin(1)), item({ type: 'actors', actors: [webRow] })]
    const first = fold(xstateInspect, [inspecting, ...present])
    const chart = first.effects.flatMap((effect) =>
      effect.type === 'invoke' && effect.command === 'inspection.chart' ? [effect.corr] : [],
    )
    const again = fold(
      xstateInspect,
      [{ type: 'replied', corr: chart[0] ?? '', reply: { ok: true, output: chartOf(lamp) } }, ...present],
      first.state,
    )
    const late = fold(xstateInspect, [answer(asked(first.effects)[0] ?? '', 5)], again.state)
    expect(late.effects).toEqual([])
    const told = fold(xstateInspect, [answer(asked(again.effects)[0] ?? '', 20)], late.state)
    expect(told.effects).toMatchObject([{ type: 'write', text: expect.stringContaining('{\\"seq\\":20}') as unknown }])
  })

  test('an actor that moves is sent to at its new address', () => {
    const one = inspector()
    one.tell(begin(1), { type: 'actors', actors: [webRow] })
    one.tell({
      type: 'records',
      records: [{ type: 'named', seq: 11, at: 1, actor: 'x:1', was: 'service.web', is: 'service.new' }],
    })
    one.say({ type: 'xstate.event', event: JSON.stringify({ name: 'STOP', origin: 'x:1' }) })
    expect(one.invoked).toMatchObject([{ input: { to: 'service.new' } }])
  })
})

describe('the bounds', () => {
  test('so much is written, then it waits for room, and nothing is lost', () => {
    const large = { text: 'x'.repeat(limits.publishedBreath / 4) }
    const one = inspector(() => large)
    one.tell(begin(20), { type: 'actors', actors: rows(20) })
    const told: string[] = []
    let breaths = 0
    for (; told.length < 20; breaths++) {
      const texts = one.texts()
      expect(texts.slice(0, -1).join('').length).toBeLessThan(limits.publishedBreath)
      told.push(...texts)
      expect(breaths).toBeLessThan(20)
      one.hear({ type: 'timer', id: 'room' })
    }
    expect(breaths).toBeGreaterThan(3)
    expect(short(told.map((text) => JSON.parse(text) as Record<string, unknown>))).toEqual(
      rows(20).map(({ id }) => `service.register ${id}`),
    )
  })

  test('who reads too slowly is told a new present: what is left is registered no second time, what has gone is stopped', () => {
    const one = inspector(() => ({ text: 'x'.repeat(limits.publishedBreath) }))
    one.tell(begin(2), { type: 'actors', actors: rows(2) })
    one.hear({ type: 'timer', id: 'room' })
    expect(short(one.frames())).toEqual(['service.register x:1', 'service.register x:2'])
    const many = Array.from({ length: limits.publishedEntries + 2 }, (_, index) => step(11 + index, 'x:1', 'on.dim', 'off'))
    one.tell({ type: 'records', records: many })
    expect(ofType(one.effects, 'unsubscribe')).toEqual([{ type: 'unsubscribe', corr: '1' }])
    expect(ofType(one.effects, 'subscribe')).toHaveLength(2)
    one.frames()
    one.hear({ type: 'timer', id: 'room' })
    const [first] = rows(1)
    one.tell(begin(2, { seq: 9_000 }), {
      type: 'actors',
      actors: [{ ...(first as ActorRow), state: 'off', events: 9 }, ...rows(1, 3)],
    })
    for (let n = 0; n < 4; n++) one.hear({ type: 'timer', id: 'room' })
    expect(short(one.frames())).toEqual(['service.state x:1', 'service.register x:3', 'service.stop x:2'])
  })

  test('there are at most so many actors, and that is said once', () => {
    const one = inspector(() => ({}))
    const many = rows(limits.publishedActors + 3)
    one.tell(begin(many.length))
    for (let n = 0; n < many.length; n += 500) one.tell({ type: 'actors', actors: many.slice(n, n + 500) })
    for (let n = 0; n < 200; n++) one.hear({ type: 'timer', id: 'room' })
    const frames = one.frames()
    expect(frames.filter(({ type }) => type === 'service.register')).toHaveLength(limits.publishedActors)
    expect(frames.filter(({ type }) => type === 'hyphae.left_out')).toHaveLength(1)
  })

  test('a message that is too long comes without the context', () => {
    const one = inspector(() => ({ text: 'x'.repeat(limits.publishedFrame) }))
    one.tell(begin(1), { type: 'actors', actors: [webRow] })
    const [text = ''] = one.texts()
    expect(text.length).toBeLessThan(limits.publishedFrame)
    expect(text).toContain('left out: a message has at most')
  })

  test('contexts are asked for some at a time', () => {
    const { effects } = fold(xstateInspect, [
      inspecting,
      { type: 'item', corr: '1', seq: 1, item: begin(500) },
      { type: 'item', corr: '1', seq: 2, item: { type: 'actors', actors: rows(500) } },
    ])
    const asked = effects.filter((effect) => effect.type === 'invoke' && effect.command === 'inspection.context')
    expect(asked).toHaveLength(1)
    expect(asked).toMatchObject([{ input: { actors: rows(limits.publishedContexts).map(({ id }) => id) } }])
  })
})

describe('the beginning and the end', () => {
  test('whoever may not watch is told why', () => {
    const error = { code: 'overloaded', message: 'too many streams', data: {} } as const
    const { effects } = fold(xstateInspect, [inspecting, { type: 'replied', corr: '1', reply: { ok: false, error } }])
    expect(effects.at(-1)).toEqual({ type: 'close', because: 'too many streams' })
  })
  test('where the stream ends, it closes with its reason', () => {
    const { effects } = fold(xstateInspect, [
      inspecting,
      { type: 'replied', corr: '1', reply: { ok: true, output: null } },
      { type: 'streamEnded', corr: '1', because: 'the orchestrator ends' },
    ])
    expect(effects.at(-1)).toEqual({ type: 'close', because: 'the orchestrator ends' })
  })
  test('somebody unknown is told nothing', () => {
    const { effects } = fold(xstateInspect, [{ type: 'opened', authenticated: false }])
    expect(effects.map(({ type }) => type)).toEqual(['close'])
  })
})

describe('states', () => {
  const regions = createMachine({
    id: 'mesh',
    type: 'parallel',
    states: {
      link: {
        initial: 'dialing',
        states: { dialing: {}, open: { initial: 'live', states: { live: { tags: 'deep' }, 'half.dead': {} } } },
      },
      auth: {
        type: 'parallel',
        states: { key: { initial: 'a', states: { a: {}, b: {} } }, name: { initial: 'a', states: { a: {}, b: {} } } },
      },
      flat: {},
    },
  })
  const { root } = chartOf(regions)

  test.each([
    [{ link: 'dialing', auth: { key: 'a', name: 'b' }, flat: {} }],
    [{ link: { open: 'live' }, auth: { key: 'b', name: 'a' }, flat: {} }],
    [{ link: { open: 'half.dead' }, auth: { key: 'b', name: 'b' }, flat: {} }],
  ])('%j is read back from its name', (value) => {
    expect(stateValueOf(root, stateName(value))).toEqual(value)
  })

  test('what is not on the chart is where it begins', () => {
    expect(stateValueOf(chartOf(lamp).root, 'nowhere')).toBe('off')
  })

  test('a state has the tags of all that it is in', () => {
    expect(tagsOf(root, { link: { open: 'live' } })).toEqual(['deep'])
    expect(activeNodes(root, { link: { open: 'live' } }).map(({ id }) => id)).toEqual([
      'mesh',
      'mesh.link',
      'mesh.link.open',
      'mesh.link.open.live',
    ])
  })
})
