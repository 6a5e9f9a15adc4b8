import { describe, expect, test } from 'vitest'
import { xstateInspect } from '../../src/dialects/xstate-inspect.ts'
import { limits } from '../../src/protocol/limits.ts'
import { begin, partRow, publish, rootRow, step, webRow } from '../support/published.ts'
import { complies } from './compliance.ts'

/** What `@xstate/inspect` 0.8 is told, folded over literal items; its real receiver is asked in test/system/inspectors.test.ts. */

const inspecting = { type: 'xstate.inspecting' }
const scxml = (name: string, origin: string, data: object = { type: name }) => ({
  type: 'xstate.event',
  event: JSON.stringify({ name, data, $$type: 'scxml', type: 'external', origin }),
})

/** With an inspector that has been told of three actors. */
function told() {
  const one = publish(xstateInspect)
  one.hear({ type: 'opened', authenticated: true })
  one.say(inspecting)
  one.tell(begin(3), { type: 'actors', actors: [rootRow, webRow, partRow] })
  return one
}
const within = (frame: Record<string, unknown> | undefined, key: string) =>
  JSON.parse(String(frame?.[key])) as Record<string, unknown>

complies({
  dialect: { ...xstateInspect, initial: told().state() },
  request: () => JSON.stringify(scxml('RESTART', 'x:1')),
  garbage: [
    'inspect',
    '{',
    '[]',
    '42',
    'null',
    '{}',
    '{"type":"xstate.event"}',
    '{"type":"xstate.event","event":{}}',
    '{"type":"xstate.event","event":"{"}',
    '{"type":"xstate.event","event":"{}"}',
    '{"type":"service.register"}',
    '['.repeat(limits.jsonDepth + 1),
    JSON.stringify(scxml('RESTART', 'x:99')),
    JSON.stringify(scxml('xstate.stop', 'x:1')),
    JSON.stringify(scxml('RESTART', 'x:1', { type: 'STOP' })),
  ],
})

describe('the present', () => {
  test('nothing is said, and nothing is asked for, before somebody inspects', () => {
    const one = publish(xstateInspect)
    expect(one.hear({ type: 'opened', authenticated: true })).toEqual([])
    expect(one.frames()).toEqual([])
    one.say(inspecting)
    expect(one.effects).toEqual([{ type: 'subscribe', corr: '1', command: 'inspection.watch', input: { history: 0 } }])
  })

  test('every machine is registered, with its state, its context and its parent', () => {
    const frames = told().frames()
    expect(frames.map(({ type, id, sessionId, parent }) => ({ type, id, sessionId, parent }))).toEqual([
      { type: 'service.register', id: 'orchestrator', sessionId: 'x:0', parent: undefined },
      { type: 'service.register', id: 'service.web', sessionId: 'x:1', parent: 'x:0' },
    ])
    expect(within(frames[1], 'state')).toMatchObject({
      value: { on: 'dim' },
      context: { of: 'x:1' },
      tags: ['active'],
      _event: { name: 'xstate.init', data: { type: 'xstate.init' }, $$type: 'scxml' },
      done: false,
    })
    expect(within(frames[1], 'machine')).toEqual({
      id: 'lamp',
      initial: 'off',
      states: {
        off: {
          id: 'lamp.off',
          tags: ['active'],
          on: { ON: [{ target: ['#lamp.on'], cond: 'mayGlow', actions: ['click'] }] },
        },
        on: {
          id: 'lamp.on',
          initial: 'dim',
          tags: ['active'],
          on: { OFF: [{ target: ['#lamp.off'] }] },
          states: {
            dim: expect.objectContaining({ after: { 500: [{ target: ['#lamp.on.bright'] }] } }) as unknown,
            bright: { id: 'lamp.on.bright', tags: ['hot'] },
          },
        },
      },
    })
  })

  test('whoever inspects again is told everything again', () => {
    const one = told()
    const first = one.frames()
    one.say(inspecting)
    expect(one.frames()).toEqual(first)
    expect(one.effects.filter(({ type }) => type === 'subscribe')).toHaveLength(1)
  })

  test('a chart is asked for once, contexts all at once', () => {
    const commands = told().effects.flatMap((effect) => (effect.type === 'invoke' ? [effect.command] : []))
    expect(commands).toEqual(['inspection.chart', 'inspection.context'])
  })
})

describe('what happens', () => {
  test('an event, the state it leads to with what it changed, and the end', () => {
    const one = told()
    one.frames()
    one.tell({
      type: 'records',
      records: [
        { type: 'event', seq: 11, at: 1, to: 'x:1', from: 'x:0', event: 'OFF', payload: { by: 'me' } },
        step(12, 'x:1', 'on.dim', 'off', { of: 11, event: 'OFF', changes: { of: ['x:1', 'nobody'], more: [null, 1] } }),
        { type: 'ended', seq: 13, at: 3, actor: { ...webRow, state: 'off', end: 'stopped' } },
        step(14, 'x:1', 'off', 'on.dim'),
      ],
    })
    const [event, state, stop, ...more] = one.frames()
    expect(event).toMatchObject({ type: 'service.event', sessionId: 'x:1' })
    expect(within(event, 'event')).toEqual({
      name: 'OFF',
      data: { type: 'OFF', by: 'me' },
      $$type: 'scxml',
      type: 'external',
      origin: 'x:0',
    })
    expect(state).toMatchObject({ type: 'service.state', sessionId: 'x:1' })
    expect(within(state, 'state')).toMatchObject({
      value: 'off',
      context: { of: 'nobody', more: 1 },
      event: { type: 'OFF', by: 'me' },
      changed: true,
    })
    expect(stop).toEqual({ type: 'service.stop', sessionId: 'x:1' })
    expect(more).toEqual([])
  })

  test('events that XState makes have the names that its version 4 gives them', () => {
    const one = told()
    one.frames()
    const sent = (seq: number, event: string) => ({ type: 'event', seq, at: 1, to: 'x:1', event }) as const
    const types = ['xstate.after.500.lamp.on.dim', 'xstate.done.actor.child', 'xstate.error.actor.a.b', 'xstate.done.state.lamp']
    one.tell({ type: 'records', records: types.map((type, index) => sent(11 + index, type)) })
    expect(one.frames().map((frame) => within(frame, 'event')['name'])).toEqual([
      'xstate.after(500)#lamp.on.dim',
      'done.invoke.child',
      'error.platform.a.b',
      'done.state.lamp',
    ])
  })
})

describe('what comes back', () => {
  test('an event is sent to the address of the actor, and its sender hears of it', () => {
    const one = told()
    one.frames()
    one.say(scxml('RESTART', 'x:1'))
    expect(one.invoked).toMatchObject([{ command: 'actor.send', input: { to: 'service.web', event: { type: 'RESTART' } } }])
    one.hear({ type: 'replied', corr: one.invoked[0]?.corr ?? '', reply: { ok: true, output: {} } })
    expect(one.frames()).toEqual([{ type: 'hyphae.sent', sessionId: 'x:1', event: 'RESTART' }])
  })

  test('what is refused is told in a message that its receivers pass over', () => {
    const one = told()
    one.frames()
    one.say(scxml('RESTART', 'x:1'))
    const error = { code: 'forbidden', message: 'a viewer may not', data: {} } as const
    one.hear({ type: 'replied', corr: one.invoked[0]?.corr ?? '', reply: { ok: false, error } })
    one.say(scxml('GLOW', 'x:0'))
    one.say(scxml('GLOW', 'x:77'))
    expect(one.frames()).toMatchObject([
      { type: 'hyphae.refused', sessionId: 'x:1', error },
      { type: 'hyphae.refused', sessionId: 'x:0', error: { code: 'not_accepted' } },
      { type: 'hyphae.refused', sessionId: 'x:77', error: { code: 'not_found' } },
    ])
    expect(one.invoked).toHaveLength(1)
  })

  test.each(['xstate.stop', 'xstate.done.actor.child', 'done.invoke.child', 'error.platform.child', '@xstate.event'])(
    'nobody forges %s, and the attempt is written down',
    (type) => {
      const one = told()
      one.frames()
      one.say(scxml(type, 'x:1'))
      expect(one.invoked).toEqual([])
      expect(one.effects).toContainEqual(
        expect.objectContaining({ type: 'refused', command: 'actor.send', rule: 'internal_event' }),
      )
      expect(one.frames()).toMatchObject([{ type: 'hyphae.refused', error: { code: 'forbidden' } }])
    },
  )

  test('who says nothing but what cannot be read is cut off', () => {
    const one = told()
    one.frames()
    for (let n = 0; n < limits.publishedMistakes; n++) one.say({ type: 'nonsense' })
    expect(one.frames()).toHaveLength(limits.publishedMistakes)
    expect(one.effects.at(-1)).toMatchObject({ type: 'close', because: expect.stringContaining('type: expected') as unknown })
  })
})

test('whoever asks for everything again and again has no more waiting than whoever asks once', () => {
  const one = publish(xstateInspect)
  one.hear({ type: 'opened', authenticated: true })
  one.say(inspecting)
  const rows = Array.from({ length: 400 }, (_, index) => ({ ...webRow, id: `x:${index + 1}`, address: `service.w${index}` }))
  one.tell(begin(401), { type: 'actors', actors: [rootRow, ...rows] })
  for (let rooms = 0; rooms < 100 && one.state().resting; rooms++) one.hear({ type: 'timer', id: 'room' })
  expect(one.state().outbox).toEqual([])
  for (let count = 0; count < 50; count++) one.say(inspecting)
  expect(one.state().outbox.length).toBeGreaterThan(0)
  expect(one.state().outbox.length).toBeLessThanOrEqual(401)
  // A whole one comes in the end.
  const before = one.frames().length
  for (let rooms = 0; rooms < 100 && one.state().resting; rooms++) one.hear({ type: 'timer', id: 'room' })
  const ids = one
    .frames()
    .slice(before)
    .map(({ sessionId }) => sessionId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(one.state().outbox).toEqual([])
})
