import { describe, expect, test } from 'vitest'
import { createMachine, type AnyStateMachine, type AnyStateNode } from 'xstate'
import { statelyInspect } from '../../src/dialects/stately-inspect.ts'
import { chartOf } from '../../src/inspection/chart.ts'
import { everyMachine } from '../support/every-machine.ts'
import { begin, partRow, publish, rootRow, step, webRow } from '../support/published.ts'
import { complies } from './compliance.ts'

/** What consumers of `@statelyai/inspect` 0.7 are told, folded over literal items. */

const send = (type: string, sessionId = 'x:1', requestId = 'r1') => ({
  type: 'xstate-mcp.send',
  requestId,
  sessionId,
  event: { type },
})
function told() {
  const one = publish(statelyInspect)
  one.hear({ type: 'opened', authenticated: true })
  one.tell(begin(3), { type: 'actors', actors: [rootRow, webRow, partRow] })
  return one
}

complies({
  dialect: { ...statelyInspect, initial: told().state() },
  request: (n) => JSON.stringify(send('RESTART', 'x:1', `r${n}`)),
  garbage: [
    'inspect',
    '[]',
    'null',
    '{}',
    '{"type":"@statelyai.connected"}',
    '{"type":"xstate-mcp.send"}',
    '{"type":"xstate-mcp.send","requestId":"r","sessionId":"x:1","event":"RESTART"}',
    JSON.stringify(send('RESTART', 'x:1', 'r'.repeat(129))),
    JSON.stringify(send('xstate.stop')),
    JSON.stringify(send('RESTART', 'x:2')),
  ],
})

test('every actor is told at once, with its definition and its snapshot', () => {
  const [root, web, part, ...more] = told().frames()
  expect(more).toEqual([])
  expect(root).not.toHaveProperty('parentId')
  expect(web).toMatchObject({
    type: '@xstate.actor',
    name: 'service.web',
    sessionId: 'x:1',
    rootId: 'x:0',
    parentId: 'x:0',
    id: null,
    createdAt: '1000',
    _version: '0.7.2',
    snapshot: { status: 'active', value: { on: 'dim' }, context: { of: 'x:1' }, historyValue: {}, tags: ['active'] },
  })
  const definition = JSON.parse(String(web?.['definition'])) as Record<string, unknown>
  expect(definition).toMatchObject({
    id: 'lamp',
    states: { off: { on: { ON: [{ target: ['#lamp.on'], guard: { type: 'mayGlow' }, actions: [{ type: 'click' }] }] } } },
  })
  expect(part).toMatchObject({ name: 'child', parentId: 'x:1', definition: '{"id":"child"}', snapshot: { status: 'active' } })
})

test('the keys of a message stand in their order', () => {
  const [text = ''] = told().texts()
  const keys = Object.keys(JSON.parse(text) as object)
  expect(keys).toEqual(keys.toSorted())
  expect(text).toContain('"snapshot":{"children":{},"context":{"of":"x:0"},"historyValue":{},"status":"active"')
})

test('an event, what it leads to, and an end', () => {
  const one = told()
  one.frames()
  one.tell({
    type: 'records',
    records: [
      { type: 'event', seq: 11, at: 5, to: 'x:1', from: 'x:0', event: 'OFF' },
      step(12, 'x:1', 'on.dim', 'off', { of: 11, changes: { of: ['x:1', 2] } }),
      { type: 'ended', seq: 13, at: 7, actor: { ...webRow, state: 'off', end: 'done' }, context: { of: 3 }, output: 'bye' },
    ],
  })
  expect(one.frames()).toMatchObject([
    { type: '@xstate.event', sessionId: 'x:1', sourceId: 'x:0', rootId: 'x:0', event: { type: 'OFF' }, createdAt: '5' },
    {
      type: '@xstate.snapshot',
      event: { type: 'OFF' },
      snapshot: {
        status: 'active',
        value: 'off',
        context: { of: 2 },
        children: { child: { id: 'child', xstate$$type: 1 } },
      },
    },
    { type: '@xstate.snapshot', sessionId: 'x:1', snapshot: { status: 'done', context: { of: 3 }, output: 'bye' } },
  ])
})

describe('the commands of xstate-mcp', () => {
  test('a public event is sent and answered', () => {
    const one = told()
    one.frames()
    one.say(send('RESTART'))
    expect(one.invoked).toMatchObject([{ command: 'actor.send', input: { to: 'service.web', event: { type: 'RESTART' } } }])
    one.hear({ type: 'replied', corr: one.invoked[0]?.corr ?? '', reply: { ok: true, output: {} } })
    expect(one.frames()).toEqual([{ type: 'xstate-mcp.send.response', requestId: 'r1', sessionId: 'x:1', success: true }])
  })

  test('another one is refused with its reason', () => {
    const one = told()
    one.frames()
    one.say(send('xstate.stop'))
    one.say(send('RESTART', 'x:2', 'r2'))
    expect(one.invoked).toEqual([])
    expect(one.frames()).toMatchObject([
      { requestId: 'r1', success: false, code: 'forbidden', error: expect.stringContaining('xstate.stop') as unknown },
      { requestId: 'r2', success: false, code: 'not_accepted' },
    ])
  })
})

/** The ids of all states of a machine, and the events that it knows. */
function outline(machine: AnyStateMachine): { readonly states: readonly string[]; readonly events: readonly string[] } {
  const statesOf = (node: AnyStateNode): string[] => [node.id, ...Object.values(node.states).flatMap(statesOf)]
  const { root } = machine as { readonly root: AnyStateNode }
  return { states: statesOf(root).toSorted(), events: [...new Set<string>(root.events)].toSorted() }
}

test.each(everyMachine)('XState 5 makes a machine of the definition of %s, with the same states and events', (_, machine) => {
  const one = publish(statelyInspect, () => ({}), 10, chartOf(machine))
  one.hear({ type: 'opened', authenticated: true })
  one.tell(begin(1), { type: 'actors', actors: [rootRow] })
  const definition = String(one.frames()[0]?.['definition'])
  expect(outline(createMachine(JSON.parse(definition) as object))).toEqual(outline(machine))
})
