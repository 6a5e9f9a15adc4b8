import { describe, expect, test, vi } from 'vitest'
import {
  assign,
  createMachine,
  fromCallback,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
  SimulatedClock,
  spawnChild,
  stopChild,
  type AnyActorRef,
} from 'xstate'
import { createDirectory } from '../../src/directory.ts'
import type { InspectionRecord } from '../../src/protocol/inspection.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { inspected } from '../support/inspected.ts'

/** What happens to actors, as records in the order in which a person would tell it. */

/** A record in one line, actors by their names. */
function told(records: readonly InspectionRecord[]): string[] {
  const names = new Map<string, string>()
  for (const one of records) if (one.type === 'actor') names.set(one.actor.id, one.actor.name ?? one.actor.address ?? '')
  const name = (id: string): string => names.get(id) ?? id
  return records.map((one) => {
    switch (one.type) {
      case 'actor':
        return `actor ${name(one.actor.id)} ${one.actor.state ?? one.actor.logic ?? ''}`.trim()
      case 'event':
        return `${one.from === undefined ? '' : `${name(one.from)} `}→ ${name(one.to)} ${one.event}${one.dead ? ' dead' : ''}`
      case 'step':
        return `${name(one.actor)} ${one.event}: ${one.was.state}→${one.is.state} by ${one.edges.join(' ')}`
      case 'ignored':
        return `${name(one.actor)} ignores ${one.event}`
      case 'ended':
        return `${name(one.actor.id)} ends: ${one.actor.end}`
      case 'named':
        return `${name(one.actor)} is ${one.is}`
    }
  })
}
const childOf = (actor: AnyActorRef, id: string): AnyActorRef =>
  (actor.getSnapshot() as { children: Record<string, AnyActorRef> }).children[id] as AnyActorRef

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { PRESS: 'on' } }, on: { on: { PRESS: 'off', BREAK: 'broken' } }, broken: { type: 'final' } },
})

describe('records', () => {
  test('an actor, its events and the transitions that they led to', () => {
    const { root, records } = inspected(lamp)
    root.start()
    root.send({ type: 'PRESS', by: 'me' })
    root.send({ type: 'NOTHING' })
    root.send({ type: 'BREAK' })
    root.send({ type: 'PRESS' })
    const all = records()
    expect(told(all)).toEqual([
      `actor ${root.id} off`,
      `→ ${root.id} xstate.init`,
      `→ ${root.id} PRESS`,
      `${root.id} PRESS: off→on by lamp.off#0`,
      `→ ${root.id} NOTHING`,
      `${root.id} ignores NOTHING`,
      `→ ${root.id} BREAK`,
      `${root.id} BREAK: on→broken by lamp.on#1`,
      `${root.id} ends: done`,
      `→ ${root.id} PRESS dead`,
    ])
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1))
    expect(all[2]).toMatchObject({ type: 'event', payload: { by: 'me' } })
    expect(all[3]).toMatchObject({ of: 3 })
    expect(all[5]).toMatchObject({ of: 5 })
  })

  test('of one macrostep all its transitions, in their order: raised events, always, and changes of the context', () => {
    const machine = createMachine({
      id: 'm',
      context: { n: 0, same: { a: 1 }, token: 'first' },
      initial: 'a',
      states: {
        a: { on: { GO: { target: 'b', actions: [raise({ type: 'ON' }), assign({ n: 1, token: 'second' })] } } },
        b: { on: { ON: { target: 'c', actions: assign({ n: 2 }) } } },
        c: { always: { guard: ({ context }) => context.n === 2, target: 'd' } },
        d: {},
      },
    })
    const { root, records } = inspected(machine)
    root.start()
    root.send({ type: 'GO' })
    const step = records().find((one) => one.type === 'step')
    expect(step).toMatchObject({ was: { state: 'a' }, is: { state: 'd' }, edges: ['m.a#0', 'm.b#0', 'm.c#0'] })
    expect(step).toHaveProperty('changes', { n: [0, 2], token: ['‹left out›', '‹left out›'] })
  })

  test('what led into a first state is a step of its own, and the first state is in the row', () => {
    const machine = createMachine({ id: 'm', initial: 'a', states: { a: { always: 'b' }, b: {} } })
    const { root, records } = inspected(machine)
    root.start()
    expect(told(records())).toEqual([`actor ${root.id} b`, `→ ${root.id} xstate.init`, `${root.id} xstate.init: b→b by m.a#0`])
  })

  test('a timer is an event that an actor sent itself', () => {
    const clock = new SimulatedClock()
    const machine = createMachine({ id: 'm', initial: 'a', states: { a: { after: { 100: 'b' } }, b: {} } })
    const { root, records } = inspected(machine, undefined, {}, { clock })
    root.start()
    clock.increment(100)
    expect(told(records()).slice(2)).toEqual([
      `${root.id} → ${root.id} xstate.after.100.m.a`,
      `${root.id} xstate.after.100.m.a: a→b by m.a#0`,
    ])
  })

  test('an actor takes its step before others hear what it says because of it', () => {
    const child = createMachine({
      id: 'child',
      initial: 'a',
      states: { a: { on: { GO: { target: 'b', actions: sendParent({ type: 'WENT' }) } } }, b: {} },
    })
    const parent = setup({ actors: { child } }).createMachine({
      id: 'parent',
      invoke: { id: 'c', src: 'child' },
      initial: 'a',
      states: {
        a: { on: { START: { target: 'b', actions: sendTo('c', { type: 'GO' }) } } },
        b: { on: { WENT: 'c' } },
        c: {},
      },
    })
    const { root, records } = inspected(parent)
    root.start()
    const before = records().length
    root.send({ type: 'START' })
    const all = records()
    expect(told(all).slice(before)).toEqual([
      `→ ${root.id} START`,
      `${root.id} START: a→b by parent.a#0`,
      `${root.id} → c GO`,
      `c GO: a→b by child.a#0`,
      `c → ${root.id} WENT`,
      `${root.id} WENT: b→c by parent.b#0`,
    ])
    const events = new Map(all.flatMap((one) => (one.type === 'event' ? [[one.seq, one.event] as const] : [])))
    const steps = all.filter((one) => one.type === 'step')
    expect(steps.map((one) => events.get(one.of ?? 0))).toEqual(steps.map((one) => one.event))
  })

  test('an actor ends before its parent hears of it', () => {
    const parent = setup({ actors: { lamp } }).createMachine({
      id: 'parent',
      invoke: { id: 'c', src: 'lamp', onDone: { actions: stopChild('c') } },
    })
    const { root, records, rows } = inspected(parent)
    root.start()
    childOf(root, 'c').send({ type: 'PRESS' })
    childOf(root, 'c').send({ type: 'BREAK' })
    expect(told(records()).slice(-5)).toEqual([
      '→ c BREAK',
      'c BREAK: on→broken by lamp.on#1',
      'c ends: done',
      `c → ${root.id} xstate.done.actor.c`,
      `${root.id} xstate.done.actor.c: → by parent#0`,
    ])
    expect(rows().map(({ id }) => id)).toEqual([root.sessionId])
  })

  test('a crash is a step that says why, and an end', () => {
    const child = createMachine({
      id: 'child',
      initial: 'a',
      states: {
        a: {
          on: {
            BOOM: {
              target: 'b',
              actions: () => {
                throw new Error('boom, token=planted')
              },
            },
          },
        },
        b: {},
      },
    })
    const parent = setup({ actors: { child } }).createMachine({
      id: 'parent',
      entry: spawnChild('child', { id: 'c' }),
      on: { 'xstate.error.actor.*': {} } as never,
    })
    const { root, records, rows } = inspected(parent)
    root.start()
    childOf(root, 'c').send({ type: 'BOOM' })
    const all = records()
    const crash = all.find((one) => one.type === 'step' && one.event === 'BOOM')
    expect(crash).toMatchObject({ was: { state: 'a' }, is: { state: 'a', reason: 'crashed: boom, token=‹left out›' } })
    expect(all.find(({ type }) => type === 'ended')).toMatchObject({ actor: { name: 'c', state: 'a', end: 'error' } })
    expect(rows()).toHaveLength(1)
    expect(JSON.stringify(all)).not.toContain('planted')
  })

  test('parts that are no machines: a callback that is stopped, a promise that ends or fails', async () => {
    const parent = setup({
      actors: {
        call: fromCallback(() => {}),
        fine: fromPromise(() => Promise.resolve({ answer: 42 })),
        bad: fromPromise(() => Promise.reject(new Error('no'))),
      },
    }).createMachine({
      id: 'parent',
      initial: 'a',
      states: {
        a: {
          invoke: [
            { id: 'call', src: 'call' },
            { id: 'fine', src: 'fine' },
            { id: 'bad', src: 'bad', onError: {} },
          ],
          on: { NEXT: 'b' },
        },
        b: {},
      },
    })
    const { root, records } = inspected(parent)
    root.start()
    const rows = records().flatMap((one) => (one.type === 'actor' ? [one.actor] : []))
    expect(rows.slice(1).map(({ name, logic, parent: above }) => [name, logic, above])).toEqual([
      ['call', 'callback', root.sessionId],
      ['fine', 'promise', root.sessionId],
      ['bad', 'promise', root.sessionId],
    ])
    const ends = (): InspectionRecord[] => records().filter(({ type }) => type === 'ended')
    await eventually(() => expect(ends()).toHaveLength(2))
    root.send({ type: 'NEXT' })
    expect(ends()).toMatchObject([
      { actor: { name: 'fine', end: 'done' }, output: { answer: 42 } },
      { actor: { name: 'bad', end: 'error' }, output: { error: 'no' } },
      { actor: { name: 'call', end: 'stopped' } },
    ])
  })

  test('an address that changes, or comes later', () => {
    const machine = createMachine({
      id: 'm',
      context: { address: 'process.web.next' },
      on: { RENAME: { actions: assign({ address: ({ event }) => event['address'] as string }) } },
    })
    const { root, records, rows } = inspected(machine)
    root.start()
    root.send({ type: 'RENAME', address: 'process.web' })
    expect(records().at(-1)).toMatchObject({ type: 'named', was: 'process.web.next', is: 'process.web' })
    expect(rows()).toMatchObject([{ address: 'process.web' }])
  })

  test('phase, state and reason as the directory shows them', () => {
    const machine = createMachine({
      id: 'm',
      context: { because: 'of me', address: 'service.x' },
      initial: 'up',
      states: {
        up: { tags: 'handshake', initial: 'a', states: { a: { on: { GO: 'b' } }, b: { tags: 'active' } } },
      },
    })
    const { root, rows } = inspected(machine)
    root.start()
    expect(rows()).toMatchObject([{ address: 'service.x', phase: 'handshake', state: 'up.a', reason: 'of me' }])
    expect(rows()[0]).not.toHaveProperty('name')
  })

  test('children of one that is stopped end too, and are gone', () => {
    const parent = setup({ actors: { lamp } }).createMachine({ invoke: { id: 'c', src: 'lamp' } })
    const { root, records, rows } = inspected(parent)
    root.start()
    root.stop()
    expect(told(records()).slice(-2)).toEqual(['c ends: stopped', `${root.id} ends: stopped`])
    expect(rows()).toEqual([])
  })
})

describe('actors are not harmed', () => {
  test('by payloads and contexts that throw, go in circles or cannot be shown', () => {
    const hostile: Record<string, unknown> = { big: 10n, f: () => {}, map: new Map([['token', 'planted']]), when: new Date(NaN) }
    hostile['self'] = hostile
    Object.defineProperty(hostile, 'boom', {
      enumerable: true,
      get() {
        throw new Error('getter')
      },
    })
    const proxy: unknown = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('proxy')
        },
        getPrototypeOf() {
          throw new Error('proxy')
        },
      },
    )
    const machine = createMachine({
      id: 'm',
      context: { n: 0, odd: null as unknown },
      on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1, odd: ({ event }) => event['odd'] as unknown }) } },
    })
    const { root, records, errors } = inspected(machine)
    root.start()
    for (const odd of [hostile, proxy, Symbol('x'), root]) root.send({ type: 'ADD', odd })
    expect(root.getSnapshot().context).toMatchObject({ n: 4 })
    expect(errors).toEqual([])
    const text = JSON.stringify(records())
    expect(text).not.toContain('planted')
    expect(text).toContain('‹unreadable›')
    expect(text).toContain(`{"actor":"${root.sessionId}"}`)
  })

  test('by a directory that throws, nor by a report that does', () => {
    const report = vi.fn(() => {
      throw new Error('report')
    })
    const directory = {
      observe() {
        throw new Error('directory')
      },
    }
    const machine = createMachine({
      id: 'm',
      context: { address: 'service.x' },
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'a' } } },
    })
    const { root, records } = inspected(machine, undefined, { directory, onError: report })
    root.start()
    root.send({ type: 'GO' })
    root.send({ type: 'GO' })
    expect(root.getSnapshot().value).toBe('a')
    expect(report).toHaveBeenCalledTimes(3)
    // What one part cannot take is no loss to the other.
    expect(records().filter(({ type }) => type === 'step')).toHaveLength(2)
  })

  test('of more events at once than are remembered, the oldest are not told to have led to anything', () => {
    const machine = createMachine({
      id: 'm',
      on: {
        GO: { actions: Array.from({ length: limits.inspectedMailbox + 5 }, () => sendTo(({ self }) => self, { type: 'X' })) },
      },
    })
    const { root, records } = inspected(machine)
    root.start()
    root.send({ type: 'GO' })
    const ignored = records().filter((one) => one.type === 'ignored')
    expect(ignored).toHaveLength(limits.inspectedMailbox + 5)
    // GO waits with them.
    expect(ignored.filter(({ of }) => of === undefined).length).toBeGreaterThanOrEqual(5)
    expect(ignored.filter(({ of }) => of === undefined).length).toBeLessThanOrEqual(6)
  })

  test('contexts that are asked for are not more than may be told at once; the others are counted', async () => {
    const count = Math.ceil(limits.inspectedContextBytes / limits.inspectedContext) + 200
    const child = createMachine({
      id: 'c',
      context: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`n${index}`, 'x'.repeat(200)])),
    })
    const parent = setup({ actors: { child } }).createMachine({
      id: 'p',
      on: { GO: { actions: Array.from({ length: count }, (_, index) => spawnChild('child', { id: `c${index}` })) } },
    })
    const { root, inspection } = inspected(parent)
    root.start()
    root.send({ type: 'GO' })
    const { contexts, left_out: left } = await inspection.contexts(null)
    expect(contexts.length + left).toBe(count + 1)
    expect(left).toBeGreaterThan(0)
    expect(JSON.stringify(contexts).length).toBeLessThan(limits.inspectedContextBytes + 4 * limits.inspectedContext + 100 * count)
  })

  test('one that was stopped before it started leaves nothing behind', async () => {
    const parent = setup({ actors: { lamp } }).createMachine({
      id: 'p',
      on: { GO: { actions: [spawnChild('lamp', { id: 'c' }), stopChild('c')] } },
    })
    const { root, rows, inspection } = inspected(parent)
    root.start()
    for (let round = 0; round < 3; round++) root.send({ type: 'GO' })
    expect(rows()).toHaveLength(1)
    const { left_out: left, contexts } = await inspection.contexts(null)
    expect(left + contexts.length).toBeLessThanOrEqual(1 + 3)
  })
})

test('contexts whose getters throw, and proxies that do, keep no step from being told', async () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('hands off')
      },
      ownKeys: () => {
        throw new Error('hands off')
      },
    },
  )
  const machine = createMachine({
    id: 'touchy',
    // One that is a function is copied by XState, which such a getter would end.
    context: {
      count: 0,
      proxy: hostile,
      get address(): string {
        throw new Error('no address')
      },
      get because(): string {
        throw new Error('no reason')
      },
    },
    initial: 'a',
    states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'a' } } },
  })
  const { root, records, inspection } = inspected(machine)
  root.start()
  root.send({ type: 'GO' })
  root.send({ type: 'GO' })
  const steps = records().filter(({ type }) => type === 'step')
  expect(steps).toMatchObject([{ is: { state: 'b' } }, { is: { state: 'a' } }])
  expect((await inspection.contexts(null)).contexts[0]?.context).toEqual({
    count: 0,
    proxy: '‹unreadable›',
    address: '‹unreadable›',
    because: '‹unreadable›',
  })
})

test('the directory forgets who crashes in a transition, of which XState tells no snapshot', () => {
  const directory = createDirectory()
  const boom = (): never => {
    throw new Error('boom')
  }
  const child = setup({ types: { context: {} as { address: string }, input: {} as { address: string } } }).createMachine({
    id: 'child',
    context: ({ input }) => input,
    on: {
      ASSIGN: { actions: assign(boom) },
      GUARD: { guard: boom, actions: () => {} },
      ACTION: { actions: boom },
    },
  })
  const { root, errors } = inspected(
    setup({ actors: { child } }).createMachine({
      on: {
        SPAWN: {
          actions: spawnChild('child', {
            id: ({ event }) => event['id'] as string,
            input: ({ event }) => ({ address: `x.${event['id']}` }),
          }),
        },
        'xstate.error.actor.*': {},
      },
    }),
    undefined,
    { directory },
  )
  root.start()
  for (const type of ['ASSIGN', 'GUARD', 'ACTION']) {
    root.send({ type: 'SPAWN', id: type })
    expect([...directory.addresses()]).toEqual([`x.${type}`])
    childOf(root, type).send({ type })
    expect([...directory.addresses()]).toEqual([])
    expect(directory.actor(`x.${type}`)).toMatchObject({
      live: false,
      phase: 'reaped',
      reason: expect.stringMatching(/^crashed: .*boom$/s) as string,
    })
  }
  expect(errors).toEqual([])
})

test('contexts of thousands are those of one moment, and others have their turn while they are made', async () => {
  const words = Array.from({ length: 30 }, (_, index) => `word ${index} `.repeat(20))
  const child = createMachine({
    id: 'child',
    context: { n: 0, words },
    on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  })
  const { root, inspection } = inspected(
    setup({ actors: { child } }).createMachine({
      id: 'parent',
      entry: Array.from({ length: 400 }, (_, index) => spawnChild('child', { id: `c${index}` })),
    }),
  )
  root.start()
  let turns = 0
  let answered = false
  const others = (): void => {
    turns++
    if (!answered) setImmediate(others)
  }
  setImmediate(others)
  const asked = inspection.contexts(null)
  for (let index = 0; index < 400; index++) childOf(root, `c${index}`).send({ type: 'ADD' })
  const { contexts, left_out: left } = await asked
  answered = true
  expect(left + contexts.length).toBe(401)
  expect(contexts.length).toBeGreaterThan(300)
  for (const { context } of contexts.slice(1)) expect(context).toMatchObject({ n: 0 })
  // In one turn nobody else would have had any.
  expect(turns).toBeGreaterThan(0)
})
