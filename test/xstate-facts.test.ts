import {
  assign,
  createActor,
  createMachine,
  enqueueActions,
  fromCallback,
  sendTo,
  setup,
  SimulatedClock,
  spawnChild,
  stopChild,
  type AnyActorRef,
  type InspectionEvent,
} from 'xstate'
import { describe, expect, test, vi } from 'vitest'
import { contained } from '../src/machines/contained.ts'

/**
 * What XState 5.33 does, where we built around it or rely on it. A red line after an upgrade means that a workaround may
 * go, or that a guarantee has gone.
 */

const alive = (ref: AnyActorRef): boolean => (ref.getSnapshot() as { status: string }).status === 'active'
const childOf = (actor: AnyActorRef, id: string): AnyActorRef =>
  (actor.getSnapshot() as { children: Record<string, AnyActorRef> }).children[id] as AnyActorRef

/** Remembers whether it was cleaned up. */
function resource() {
  const state = { released: false }
  const logic = fromCallback(() => () => {
    state.released = true
  })
  return { state, logic }
}
const throwing = (logic: ReturnType<typeof resource>['logic']) =>
  createMachine({
    invoke: { id: 'resource', src: logic },
    on: {
      BOOM: {
        actions: () => {
          throw new Error('boom')
        },
      },
    },
  })

describe('built around', () => {
  test('a machine whose action throws leaves its children running; contained() takes them along', () => {
    for (const wrapped of [false, true]) {
      const { state, logic } = resource()
      const machine = wrapped ? contained(throwing(logic)) : throwing(logic)
      const actor = createActor(machine)
      actor.subscribe({ error: () => {} })
      actor.start()
      actor.send({ type: 'BOOM' })
      expect(actor.getSnapshot().status).toBe('error')
      actor.stop()
      expect(state.released).toBe(wrapped)
    }
  })

  test('an unhandled crash of a child crashes its parent; with a handler it does not', () => {
    const child = createMachine({
      on: {
        BOOM: {
          actions: () => {
            throw new Error('boom')
          },
        },
      },
    })
    for (const handled of [false, true]) {
      const parent = createActor(
        setup({ actors: { child } }).createMachine({
          entry: spawnChild('child', { id: 'c' }),
          ...(handled ? { on: { 'xstate.error.actor.*': {} } } : {}),
        } as never),
      )
      parent.subscribe({ error: () => {} })
      parent.start()
      childOf(parent, 'c').send({ type: 'BOOM' })
      expect(parent.getSnapshot().status).toBe(handled ? 'active' : 'error')
    }
  })

  test('a finished child stays among the children until it is stopped', () => {
    const child = createMachine({ initial: 'a', states: { a: { on: { END: 'z' } }, z: { type: 'final' } } })
    const parent = createActor(
      setup({ actors: { child } }).createMachine({
        entry: spawnChild('child', { id: 'c' }),
        on: { REAP: { actions: stopChild('c') } },
      }),
    ).start()
    childOf(parent, 'c').send({ type: 'END' })
    expect(Object.keys(parent.getSnapshot().children)).toEqual(['c'])
    parent.send({ type: 'REAP' })
    expect(Object.keys(parent.getSnapshot().children)).toEqual([])
  })

  test('spawning under an id that is alive orphans the first, which outlives even the root', () => {
    const { state, logic } = resource()
    const parent = createActor(
      setup({ actors: { child: logic } }).createMachine({ on: { SPAWN: { actions: spawnChild('child', { id: 'c' }) } } }),
    ).start()
    parent.send({ type: 'SPAWN' })
    const first = childOf(parent, 'c')
    parent.send({ type: 'SPAWN' })
    expect(childOf(parent, 'c')).not.toBe(first)
    expect(alive(first)).toBe(true)
    expect(state.released).toBe(false)
  })

  test('an observer that throws blocks the mailbox of the actor it observed for ever', () => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'a' } } } })
    const actor = createActor(machine, {
      inspect: (event: InspectionEvent) => {
        if (event.type === '@xstate.snapshot' && event.event.type === 'GO') throw new Error('observer')
      },
    }).start()
    expect(() => actor.send({ type: 'GO' })).toThrow('observer')
    actor.send({ type: 'GO' })
    expect(actor.getSnapshot().value).toBe('b')
  })

  test('exit actions do not run when an actor is stopped from outside', () => {
    const exit = vi.fn()
    const actor = createActor(createMachine({ exit })).start()
    actor.stop()
    expect(exit).not.toHaveBeenCalled()
  })

  test('a caller could forge internal events: only a schema keeps them out', () => {
    const machine = setup({ actors: { job: fromCallback(() => {}) } }).createMachine({
      initial: 'a',
      states: { a: { invoke: { id: 'job', src: 'job', onDone: 'forged' } }, forged: {} },
    })
    const actor = createActor(machine).start()
    actor.send({ type: 'xstate.done.actor.job', output: 1 })
    expect(actor.getSnapshot().value).toBe('forged')
  })

  test('on completion the parent hears of it before the child’s last snapshot is inspected', () => {
    const order: string[] = []
    const child = createMachine({ id: 'child', initial: 'a', states: { a: { on: { END: 'z' } }, z: { type: 'final' } } })
    const parent = createActor(
      setup({ actors: { child } }).createMachine({
        invoke: { id: 'c', src: 'child', onDone: { actions: () => order.push('parent told') } },
      }),
      {
        inspect: (event) => {
          if (event.type === '@xstate.snapshot' && (event.snapshot as { status: string }).status === 'done')
            order.push('child inspected')
        },
      },
    ).start()
    childOf(parent, 'c').send({ type: 'END' })
    expect(order).toEqual(['parent told', 'child inspected'])
  })
})

describe('relied upon', () => {
  test('send is carried out before it returns', () => {
    const actor = createActor(createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } })).start()
    actor.send({ type: 'GO' })
    expect(actor.getSnapshot().value).toBe('b')
  })

  test('params of an action see what assigns before it in the same transition wrote', () => {
    const seen: number[] = []
    const machine = setup({
      types: { context: {} as { n: number } },
      actions: { look: (_, n: number) => void seen.push(n) },
    }).createMachine({
      context: { n: 1 },
      on: { GO: { actions: [assign({ n: 2 }), { type: 'look', params: ({ context }) => context.n }] } },
    })
    createActor(machine).start().send({ type: 'GO' })
    expect(seen).toEqual([2])
  })

  test('a child that was spawned and told within one step of its parent hears it', () => {
    const heard: string[] = []
    const child = fromCallback(({ receive }) => receive((event) => heard.push(event.type)))
    const parent = createActor(
      setup({ actors: { child } }).createMachine({
        on: {
          GO: {
            actions: enqueueActions(({ enqueue }) => {
              enqueue.spawnChild('child', { id: 'c' })
              enqueue.sendTo('c', { type: 'HELLO' })
            }),
          },
        },
      }),
    ).start()
    parent.send({ type: 'GO' })
    expect(heard).toEqual(['HELLO'])
  })

  test('what a callback says after its actor was stopped is dropped', () => {
    const late: { say?: () => void } = {}
    const machine = setup({
      actors: { child: fromCallback(({ sendBack }) => void (late.say = () => sendBack({ type: 'LATE' }))) },
    }).createMachine({
      initial: 'a',
      on: { LATE: '.c' },
      states: { a: { invoke: { src: 'child' }, on: { GO: 'b' } }, b: {}, c: {} },
    })
    const actor = createActor(machine).start()
    actor.send({ type: 'GO' })
    late.say?.()
    expect(actor.getSnapshot().value).toBe('b')
  })

  test('the invocation of a state ends with it, and its final message to it is delivered first', () => {
    const heard: string[] = []
    const child = fromCallback(({ receive }) => receive((event) => heard.push(event.type)))
    const machine = setup({ actors: { child } }).createMachine({
      initial: 'a',
      invoke: { id: 'c', src: 'child' },
      states: { a: { on: { GO: 'z' } }, z: { type: 'final', entry: sendTo('c', { type: 'BYE' }) } },
    })
    const actor = createActor(machine).start()
    actor.send({ type: 'GO' })
    expect(heard).toEqual(['BYE'])
    expect(actor.getSnapshot().status).toBe('done')
  })

  test('a delayed raise outlives the state that raised it', () => {
    const clock = new SimulatedClock()
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { entry: enqueueActions(({ enqueue }) => enqueue.raise({ type: 'LATE' }, { delay: 100 })), on: { GO: 'b' } },
        b: { on: { LATE: 'c' } },
        c: {},
      },
    })
    const actor = createActor(machine, { clock }).start()
    actor.send({ type: 'GO' })
    clock.increment(100)
    expect(actor.getSnapshot().value).toBe('c')
  })
})
