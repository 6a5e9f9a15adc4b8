import fc from 'fast-check'
import { createActor, SimulatedClock, type AnyActorRef } from 'xstate'
import { expect, test } from 'vitest'
import { createDirectory } from '../../src/directory.ts'
import { inspectInto } from '../../src/inspection.ts'
import type { MembersCommand, MembersSeen } from '../../src/machines/group-members.ts'
import { groupMachine } from '../../src/machines/group.ts'
import { processMachine } from '../../src/machines/process.ts'
import { serviceMachine } from '../../src/machines/service.ts'
import { createMembers } from '../../src/ports.ts'
import { groupStrategies, type GroupSpec } from '../../src/protocol/group.ts'
import { addressOf } from '../../src/protocol/ids.ts'
import type { ChildCommand, ChildInput } from '../../src/protocol/process.ts'
import type { FleetView } from '../../src/protocol/view.ts'
import { fake } from '../support/fake.ts'
import { invoke } from '../support/invoked.ts'
import { groupOf, specOf } from '../support/specs.ts'

/** A group and its services, real but for the OS, and anything that may happen to them in any order. */

const names = ['a', 'b', 'c', 'd'] as const
type Name = (typeof names)[number]

function world(spec: GroupSpec) {
  const clock = new SimulatedClock()
  const directory = createDirectory({ wall: () => 0 })
  const inspect = inspectInto(directory, (error) => {
    throw error
  })
  const deliver = (to: string, event: { readonly type: string }): boolean => {
    const ref = directory.refOf(to)
    ref?.send(event)
    return ref !== undefined
  }
  const decides = (strategy: GroupSpec['strategy']): string | null => (strategy === 'one_for_one' ? null : spec.name)
  const children = new Map(names.map((name) => [name, fake<ChildCommand, ChildInput>()]))
  const actors: AnyActorRef[] = names.map((name) => {
    const child = children.get(name)?.logic ?? fake<ChildCommand, ChildInput>().logic
    const process = processMachine.provide({ actors: { child } })
    // `c` is a bystander: it is never started again.
    const policy = name === 'c' ? 'never' : 'always'
    const input = { spec: specOf({ name, restart: { policy } }), run: 'run', group: decides(spec.strategy) }
    return createActor(serviceMachine.provide({ actors: { process } }), { input, clock, inspect }).start()
  })
  const members = createMembers({ directory, deliver, clock: () => clock.now(), view: {} as FleetView })
  actors.push(createActor(groupMachine.provide({ actors: { members } }), { input: { spec }, clock, inspect }).start())

  const at = (): number => clock.now()
  const childOf = (name: Name) => {
    const child = children.get(name)
    if (child === undefined) throw new Error(name)
    return child
  }
  const state = (name: Name): string => directory.entry(addressOf('service', name))?.state ?? 'removed'
  const spawn = (name: Name): void => {
    const child = childOf(name)
    const { incarnation = '' } = child.inputs.at(-1) ?? {}
    const pid = child.inputs.length
    if (child.alive === 0) return
    child.emit({
      type: 'child.spawned',
      incarnation,
      pid,
      start: 1,
      leader: { pid, start: 1 },
      containment: 'mark',
      logOffset: 0,
      at: at(),
    })
  }
  const exit = (name: Name): void => {
    const child = childOf(name)
    const { incarnation = '' } = child.inputs.at(-1) ?? {}
    child.emit({ type: 'child.exited', incarnation, exit: { kind: 'exited', code: 1 }, empty: true, at: at(), dice: 0 })
  }
  return {
    clock,
    state,
    spawn,
    exit,
    deliver,
    alive: (name: Name) => childOf(name).alive,
    desired: (name: Name): 'run' | 'stop' =>
      directory.entry(addressOf('service', name))?.snapshot.context['desired'] === 'run' ? 'run' : 'stop',
    group: () => directory.entry(addressOf('group', spec.name))?.state,
    configure: (strategy: GroupSpec['strategy']) => {
      deliver(addressOf('group', spec.name), { type: 'CONFIGURE', spec: { ...spec, strategy } } as { type: string })
      for (const name of names)
        deliver(addressOf('service', name), { type: 'GROUP', group: decides(strategy) } as { type: string })
    },
    stop: () => actors.forEach((actor) => actor.stop()),
  }
}
type World = ReturnType<typeof world>

const someone = fc.constantFrom(...names)
const happening = fc.oneof(
  fc.record({ what: fc.constantFrom('spawn', 'exit', 'exit', 'START', 'STOP', 'RESTART'), who: someone }),
  fc.record({ what: fc.constantFrom('group START', 'group STOP', 'group RESTART', 'wait', 'wait long') }),
  fc.record({ what: fc.constant('configure'), strategy: fc.constantFrom(...groupStrategies) }),
)
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

function happen(w: World, one: Happening): void {
  if ('strategy' in one) return w.configure(one.strategy)
  if (!('who' in one)) {
    if (one.what === 'wait') w.clock.increment(1_000)
    else if (one.what === 'wait long') w.clock.increment(20_000)
    else w.deliver('group.backend', { type: one.what.slice('group '.length), by: 'me' } as { type: string })
    return
  }
  if (one.what === 'spawn') w.spawn(one.who)
  else if (one.what === 'exit') w.exit(one.who)
  else w.deliver(addressOf('service', one.who), { type: one.what, by: 'me', at: w.clock.now() } as { type: string })
}

/** Everybody who listens is told in a turn of its own. */
const turn = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve()
}

test('whatever happens in whatever order: nothing runs twice, nobody stays held, and in the end what is wanted runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...groupStrategies),
      fc.constantFrom(2, null),
      fc.array(happening, { maxLength: 40 }),
      async (strategy, maxRestarts, happenings) => {
        const w = world(groupOf({ strategy, services: names, restart: { maxRestarts } }))
        w.deliver('group.backend', { type: 'START' })
        for (const one of happenings) {
          happen(w, one)
          await turn()
          for (const name of names) expect(w.alive(name)).toBeLessThanOrEqual(1)
        }
        // From now on all goes well: what starts gets ready, what is to end ends.
        for (let n = 0; n < 60; n++) {
          for (const name of names) {
            if (w.state(name) === 'live.running.starting') w.spawn(name)
            if (w.state(name).startsWith('live.stopping')) {
              w.spawn(name)
              w.exit(name)
            }
            await turn()
          }
          if (n % 4 === 3) w.clock.increment(10_000)
          await turn()
        }
        const states = Object.fromEntries(names.map((name) => [name, w.state(name)]))
        expect(['watching', 'failed'], JSON.stringify(states)).toContain(w.group())
        // Only what is given up by itself has failed: c, and with one_for_one any.
        const ends = { run: ['live.running.healthy', 'failed'], stop: ['stopped', 'failed'] }
        for (const name of names) expect(ends[w.desired(name)], JSON.stringify(states)).toContain(w.state(name))
        w.stop()
      },
    ),
    { numRuns: 100 },
  )
})

test('of a large group only the member that changed is looked at, and what its group knows is not said again', async () => {
  const directory = createDirectory({ wall: () => 0 })
  const inspect = inspectInto(directory, (error) => {
    throw error
  })
  const services = Array.from({ length: 200 }, (_, index) => `web-${index}`)
  const actors = services.map((name) => {
    const process = processMachine.provide({ actors: { child: fake<ChildCommand, ChildInput>().logic } })
    const input = { spec: specOf({ name }), run: 'run' }
    return createActor(serviceMachine.provide({ actors: { process } }), { input, inspect }).start()
  })
  await turn()
  let looks = 0
  const entry: typeof directory.entry = (address) => {
    looks++
    return directory.entry(address)
  }
  const deliver = (to: string, event: { readonly type: string }): boolean => {
    directory.refOf(to)?.send(event)
    return true
  }
  const port = createMembers({ directory: { ...directory, entry }, deliver, clock: () => 0, view: {} as FleetView })
  const members = invoke<MembersCommand, MembersSeen, { services: readonly string[] }>(port, { services })
  await turn()
  expect(looks).toBe(200)
  expect(members.facts).toHaveLength(1)

  deliver('service.web-7', { type: 'START', at: 0 } as { type: string })
  await turn()
  expect(looks).toBe(201)
  expect(members.facts.at(-1)?.members[7]).toMatchObject({ service: 'web-7', state: 'live.running.starting', desired: 'run' })

  // Its slot is none of the group's affair.
  deliver('service.web-7', { type: 'RESERVE', op: { id: 'op', by: 'me' } } as { type: string })
  await turn()
  expect(members.facts).toHaveLength(2)

  // After a command there is always an answer.
  members.send({ type: 'members.tell', service: 'web-8', word: { type: 'START', by: 'me' } })
  expect(members.facts).toHaveLength(3)
  expect(members.facts.at(-1)?.members[8]).toMatchObject({ desired: 'run' })
  await turn()
  expect(members.facts).toHaveLength(3)
  members.stop()
  for (const actor of actors) actor.stop()
})
