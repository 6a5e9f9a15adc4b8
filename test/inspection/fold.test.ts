import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  assign,
  enqueueActions,
  fromCallback,
  sendParent,
  setup,
  stopChild,
  type AnyActorRef,
  type DoneActorEvent,
  type ErrorActorEvent,
} from 'xstate'
import type { ActorRow, InspectionItem } from '../../src/protocol/inspection.ts'
import { backwards, forwards, inspected, rowsById, type Rows } from '../support/inspected.ts'

/** Whoever has a present and the records around it knows every moment before and after it. */

interface Leaf {
  readonly address: string | null
  readonly n: number
}
const leaf = setup({
  types: {
    context: {} as Leaf,
    input: {} as Pick<Leaf, 'address'>,
    events: {} as { type: 'GO' | 'TELL' | 'END' | 'BOOM' } | { type: 'NAME'; address: string },
    tags: {} as 'handshake' | 'active',
  },
}).createMachine({
  id: 'leaf',
  context: ({ input: { address } }) => ({ address, n: 0 }),
  initial: 'a',
  states: {
    a: { tags: 'handshake', on: { GO: { target: 'b', actions: assign({ n: ({ context }) => context.n + 1 }) } } },
    b: { tags: 'active', on: { GO: 'a', TELL: { actions: sendParent({ type: 'HEARD' }) }, END: 'c' } },
    c: { type: 'final' },
  },
  on: {
    NAME: { actions: assign({ address: ({ event }) => event.address }) },
    BOOM: {
      actions: () => {
        throw new Error('boom')
      },
    },
  },
})

type TreeEvent =
  | { type: 'SPAWN'; id: string; input: Pick<Leaf, 'address'> }
  | { type: 'PART' | 'STOP'; id: string }
  | { type: 'HEARD' }
  | DoneActorEvent
  | ErrorActorEvent
const tree = setup({
  types: { context: {} as { heard: number }, events: {} as TreeEvent },
  actors: { leaf, part: fromCallback(() => {}) },
}).createMachine({
  id: 'tree',
  context: { heard: 0 },
  initial: 'quiet',
  states: { quiet: { on: { HEARD: 'loud' } }, loud: { on: { HEARD: 'quiet' } } },
  on: {
    SPAWN: {
      actions: enqueueActions(({ enqueue, event }) => {
        enqueue(stopChild(event.id))
        enqueue.spawnChild('leaf', { id: event.id, input: event.input })
      }),
    },
    PART: { actions: enqueueActions(({ enqueue, event }) => enqueue.spawnChild('part', { id: event.id })) },
    STOP: { actions: enqueueActions(({ enqueue, event }) => enqueue(stopChild(event.id))) },
    'xstate.done.actor.*': { actions: assign({ heard: ({ context }) => context.heard + 1 }) },
    'xstate.error.actor.*': {},
  },
})

const id = fc.constantFrom('p', 'q', 'r')
const doing = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('SPAWN' as const), id, named: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('PART' as const), id: fc.constantFrom('x', 'y') }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('STOP' as const), id }) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom('GO' as const, 'TELL' as const, 'END' as const, 'BOOM' as const, 'NAME' as const),
      id,
    }),
  },
)
type Doing = typeof doing extends fc.Arbitrary<infer T> ? T : never

function act(root: AnyActorRef, one: Doing): void {
  const children = (root.getSnapshot() as { children: Record<string, AnyActorRef | undefined> }).children
  switch (one.what) {
    case 'SPAWN':
      return root.send({ type: 'SPAWN', id: one.id, input: { address: one.named ? `leaf.${one.id}` : null } })
    case 'PART':
      if (children[one.id] === undefined) root.send({ type: 'PART', id: one.id })
      return
    case 'STOP':
      return root.send({ type: 'STOP', id: one.id })
    case 'GO':
    case 'TELL':
    case 'END':
    case 'BOOM':
    case 'NAME':
      return children[one.id]?.send({ type: one.what, address: `leaf.${one.id}.again` })
  }
}

test('records folded from a begin give the present, and taken back they give the past', () => {
  fc.assert(
    fc.property(fc.array(doing, { minLength: 1, maxLength: 40 }), fc.nat(40), (doings, at) => {
      let clock = 0
      const { inspection, root, rows, errors, records } = inspected(tree, undefined, { wall: () => ++clock })
      root.start()
      /** How everything stood at each number. */
      const presents = new Map<number, ActorRow[]>()
      const note = (): void => void presents.set(records().at(-1)?.seq ?? 0, rows())
      note()
      const items: InspectionItem[] = []
      for (const [index, one] of doings.entries()) {
        act(root, one)
        note()
        if (index !== at) continue
        const sink = { room: () => undefined, item: (item: unknown) => items.push(item as InspectionItem), end() {} }
        inspection.watch({ after: null, history: 0 }, sink)()
      }
      expect(errors).toEqual([])
      const all = records()
      const names = new Map(all.flatMap((one) => (one.type === 'actor' ? [[one.actor.id, one.actor.name] as const] : [])))

      const known: Rows = rowsById(items.flatMap((item) => (item.type === 'actors' ? item.actors : [])))
      const begin = items.find((item) => item.type === 'begin')
      for (const record of all) if (begin !== undefined && record.seq > begin.seq) forwards(known, record)
      expect(sorted(known)).toEqual(begin === undefined ? [] : sorted(rowsById(rows())))

      const past: Rows = rowsById(rows())
      for (const record of all.toReversed()) {
        const then = presents.get(record.seq)
        expect(sorted(past)).toEqual(then === undefined ? sorted(past) : sorted(rowsById(then)))
        backwards(past, record, (actor) => names.get(actor))
      }
      expect([...past]).toEqual([])
    }),
    { numRuns: 150 },
  )
})

const sorted = (rows: Rows): ActorRow[] => [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
