import { afterAll, describe, expect, test } from 'vitest'
import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { xstateInspect } from '../../src/dialects/xstate-inspect.ts'
import { eventNameOf } from '../../src/dialects/xstate-inspect/machine.ts'
import { chartOf } from '../../src/inspection/chart.ts'
import { counterpart } from '../support/counterpart.ts'
import { everyMachine } from '../support/every-machine.ts'
import { begin, publish, rootRow } from '../support/published.ts'

/** XState 4 itself makes machines and states of what is published of every machine there is. */

const four = counterpart('xstate-inspect/parse.mjs')
afterAll(() => four.end())

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)]
/** Where an actor can be: each state without states of its own, with the names of all that it is in. */
const placesOf = (machine: AnyStateMachine): string[] =>
  nodesOf(machine.root as AnyStateNode)
    .filter(({ type }) => type === 'atomic' || type === 'final')
    .map(({ path }) => path.join('.'))

describe.each(everyMachine)('%s', (id, machine) => {
  test('all its states, events and tags are those of XState 4, too', async () => {
    const one = publish(xstateInspect, () => ({ some: 'context' }), 10, chartOf(machine))
    one.hear({ type: 'opened', authenticated: true })
    one.say({ type: 'xstate.inspecting' })
    const places = placesOf(machine)
    const rows = places.map((state, index) => ({ ...rootRow, id: `x:${index}`, state }))
    one.tell(begin(rows.length), { type: 'actors', actors: rows })
    const frames = one.frames()
    for (; frames.length < places.length && one.hear({ type: 'timer', id: 'room' }).length > 0;) frames.push(...one.frames())
    expect(frames.map(({ type }) => type)).toEqual(places.map(() => 'service.register'))
    four.say({ machine: frames[0]?.['machine'], states: frames.map(({ state }) => state) })
    const told = await four.told((line) => line['id'] === id)

    const nodes = nodesOf(machine.root as AnyStateNode)
    expect((told['ids'] as string[]).toSorted()).toEqual(nodes.map((node) => node.id).toSorted())
    // One that does nothing is none to XState 4.
    const does = ({ target, actions }: { target: unknown; actions: readonly unknown[] }) =>
      target !== undefined || actions.length > 0
    const transitions = nodes.flatMap((node) => [...node.transitions.values()].flat()).filter(does)
    const events = new Set(transitions.map(({ eventType }) => eventNameOf(String(eventType))))
    expect(new Set((told['events'] as string[]).filter((type) => type !== ''))).toEqual(events)
    const states = told['told'] as Array<{ given: unknown; value: unknown; tags: string[]; states: string[] }>
    for (const [index, place] of places.entries()) {
      expect(states[index]?.states.at(-1)).toBe(place)
      expect(states[index]?.value).toEqual(states[index]?.given)
      const tags = nodes
        .filter(({ path }) => `${place}.`.startsWith(`${path.join('.')}.`))
        .flatMap((node) => Array.from(node.tags))
      expect(new Set(states[index]?.tags)).toEqual(new Set(tags))
    }
  })
})
