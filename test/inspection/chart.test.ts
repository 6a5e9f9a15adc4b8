import { expect, test } from 'vitest'
import { fromCallback, setup, type AnyStateMachine, and, createMachine, not } from 'xstate'
import { machines } from '../../scripts/machines.ts'
import { chartOf, edgeIdOf, labelOf } from '../../src/inspection/chart.ts'
import { isMachine } from '../../src/inspection/logic.ts'
import { chart, type ChartNode } from '../../src/protocol/inspection.ts'
import { supervisionTree, type TreeParts } from '../../src/tree.ts'

/** Machines as they can be drawn. */

const nodesOf = (node: ChartNode): ChartNode[] => [node, ...node.states.flatMap(nodesOf)]

/** Every machine of the tree that runs, with its ports filled. */
function running(): AnyStateMachine[] {
  const port = fromCallback(() => {})
  const parts = new Proxy({}, { get: (_, name) => (name === 'state' || name === 'admit' ? () => {} : port) })
  const found = new Set<AnyStateMachine>()
  const walk = (machine: AnyStateMachine): void => {
    if (found.has(machine)) return
    found.add(machine)
    for (const actor of Object.values(machine.implementations.actors)) if (isMachine(actor)) walk(actor)
  }
  walk(supervisionTree(parts as TreeParts))
  return [...found]
}

test('the system that runs has the same charts as the machines from which layouts are made', () => {
  const bare = new Map(machines.map((machine) => [chartOf(machine).hash, machine.id]))
  expect(bare.size).toBe(machines.length)
  const provided = running()
  expect(new Map(provided.map((machine) => [chartOf(machine).hash, machine.id]))).toEqual(bare)
  // They are other objects: what fills them in makes no difference.
  expect(provided.filter((machine) => machines.includes(machine))).toEqual([])
  expect([...bare.values()]).toEqual(expect.arrayContaining(['orchestrator', 'pool', 'bucket', 'service', 'process']))
})

test.each(machines.map((machine) => [machine.id, machine] as const))('%s: every transition has an edge', (_, machine) => {
  const drawn = chartOf(machine)
  expect(chart.parse(structuredClone(drawn))).toEqual(drawn)
  expect(chartOf(machine)).toBe(drawn)
  const nodes = nodesOf(drawn.root)
  const ids = new Set(nodes.map(({ id }) => id))
  expect(ids.size).toBe(nodes.length)
  const edges = nodes.flatMap((node) => node.edges)
  expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length)
  for (const edge of edges) {
    for (const target of edge.targets) expect(ids).toContain(target)
    expect(edge.label).not.toBe('')
    expect(edge.label).not.toMatch(/^xstate\./)
  }
  for (const { id } of nodes) {
    const node = machine.getStateNodeById(id)
    for (const transition of [...node.transitions.values()].flat()) {
      const edge = edges.find((one) => one.id === edgeIdOf(transition))
      expect(edge).toMatchObject({ type: String(transition.eventType) })
      expect(edge?.id.startsWith(`${id}#`)).toBe(true)
    }
  }
  expect(JSON.stringify(drawn)).not.toMatch(/xstate\.(raise|cancel|assign)/)
})

test('a chart says what stands in the definition', () => {
  const machine = setup({
    guards: { yes: () => true, no: () => false },
    actions: { shout: () => {} },
    delays: { soon: 10 },
    actors: { part: fromCallback(() => {}) },
  }).createMachine({
    id: 'm',
    initial: 'a',
    states: {
      a: {
        tags: ['x'],
        entry: 'shout',
        invoke: { id: 'p', src: 'part', onDone: 'b' },
        after: { soon: { target: 'b', guard: and(['yes', not('no')]) } },
        on: { GO: [{ guard: 'yes', target: 'b', actions: 'shout' }, { actions: { type: 'shout' } }] },
        always: { guard: ({ context }) => context === null, target: 'b' },
      },
      b: { type: 'parallel', states: { c: {}, d: { initial: 'e', states: { e: { type: 'final' } } } } },
    },
  })
  const [a, b] = chartOf(machine).root.states
  expect(a).toMatchObject({
    id: 'm.a',
    key: 'a',
    type: 'atomic',
    initial: null,
    tags: ['x'],
    entry: ['shout'],
    exit: [],
    invoke: [{ id: 'p', src: 'part' }],
  })
  expect(a?.edges.map(({ label, guard, actions, targets }) => [label, guard, actions, targets])).toEqual(
    expect.arrayContaining([
      ['GO', 'yes', ['shout'], ['m.b']],
      ['GO', null, ['shout'], []],
      ['after soon', 'and(yes, not(no))', [], ['m.b']],
      ['p ended', null, [], ['m.b']],
      ['always', 'inline', [], ['m.b']],
    ]),
  )
  expect(b).toMatchObject({ type: 'parallel', initial: null, states: [{ type: 'atomic' }, { type: 'compound', initial: 'e' }] })
})

test('another definition has another hash', () => {
  const one = chartOf(createMachine({ id: 'm', initial: 'a', states: { a: {}, b: {} } }))
  const other = chartOf(createMachine({ id: 'm', initial: 'b', states: { a: {}, b: {} } }))
  expect(one.hash).not.toBe(other.hash)
  expect(one.hash).toMatch(/^[\w-]{8}$/)
})

test.each([
  ['xstate.after.grace.process.terminating', 'after grace'],
  ['xstate.done.actor.*', 'child ended'],
  ['xstate.error.actor.child', 'child failed'],
  ['STOP', 'STOP'],
])('%s reads "%s"', (type, label) => expect(labelOf(type, 'child')).toBe(label))
