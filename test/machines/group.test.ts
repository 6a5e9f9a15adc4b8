import { createActor, SimulatedClock } from 'xstate'
import { describe, expect, test } from 'vitest'
import { stateName } from '../../src/directory.ts'
import type { MembersCommand, MemberView } from '../../src/machines/group-members.ts'
import type { GroupInput } from '../../src/machines/group-parts.ts'
import { groupMachine } from '../../src/machines/group.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import type { GroupCommand, GroupSpec } from '../../src/protocol/group.ts'
import type { Ended } from '../../src/protocol/service.ts'
import { fake } from '../support/fake.ts'
import { groupOf, wellMember as usual } from '../support/specs.ts'

const ended = (at: number, readyAt: number | null = null): Ended => ({
  exit: { kind: 'exited', code: 1 },
  planned: false,
  because: null,
  at,
  readyAt,
  dice: 0,
})
type Looks = Partial<Omit<MemberView, 'service'>>
const runs: Looks = { state: 'live.running.healthy' }
const starts: Looks = { state: 'live.running.starting' }
const stops: Looks = { state: 'live.stopping.thenHeld' }
const held: Looks = { state: 'held' }
const lost: Looks = { state: 'held', loss: ended(0) }
const rests: Looks = { state: 'stopped', rests: true, desired: 'stop' }
const broken: Looks = { state: 'failed', rests: true, because: 'could not be started: no such file' }

/** GROUP with members that are what the test says; what it tells them is written down. */
function start(spec: GroupSpec = groupOf(), restored?: GroupInput['restored']) {
  const clock = new SimulatedClock()
  const port = fake<MembersCommand, { services: readonly string[] }>()
  const facts: Statement[] = []
  const machine = groupMachine.provide({
    actors: { members: port.logic },
    actions: { state: (_, statement) => void facts.push(statement) },
  })
  const actor = createActor(machine, { input: { spec, restored }, clock }).start()
  return {
    clock,
    facts,
    state: () => stateName(actor.getSnapshot().value),
    context: () => actor.getSnapshot().context,
    send: (event: GroupCommand) => actor.send(event),
    see: (...members: Looks[]) =>
      port.emit({
        type: 'members.seen',
        members: members.map((looks, index) => Object.assign({ service: ['a', 'b', 'c', 'd'][index] }, usual, looks)),
      }),
    /** What it said since it was last asked: `HOLD a`. */
    said: () =>
      port.commands.splice(0).flatMap((one) => (one.type === 'members.tell' ? [`${one.word.type} ${one.service}`] : [])),
  }
}
type Started = ReturnType<typeof start>

const steps = {
  'all run': (s: Started) => s.see(runs, runs, runs),
  'b lost': (s: Started) => s.see(runs, lost, runs),
  'a lost': (s: Started) => s.see(lost, held, held),
  'b noted': (s: Started) => s.see(runs, held, runs),
  'c ends': (s: Started) => s.see(runs, held, stops),
  'all held': (s: Started) => s.see(held, held, held),
  'a up': (s: Started) => s.see(runs, held, held),
  'a starts': (s: Started) => s.see(starts, held, held),
  'a broken': (s: Started) => s.see(broken, held, held),
  'somebody asks': (s: Started) => s.see({ ...held, generation: 2 }, held, held),
  'all rest': (s: Started) => s.see(rests, rests, rests),
  'some rest': (s: Started) => s.see(rests, runs, rests),
  delay: (s: Started) => s.clock.increment(1_000),
  START: (s: Started) => s.send({ type: 'START', by: 'me' }),
  STOP: (s: Started) => s.send({ type: 'STOP', by: 'me' }),
  RESTART: (s: Started) => s.send({ type: 'RESTART', by: 'me' }),
  CONFIGURE: (s: Started) => s.send({ type: 'CONFIGURE', spec: groupOf({ strategy: 'rest_for_one' }) }),
  'CONFIGURE alone': (s: Started) => s.send({ type: 'CONFIGURE', spec: groupOf({ strategy: 'one_for_one' }) }),
  REMOVE: (s: Started) => s.send({ type: 'REMOVE' }),
} as const
type Step = keyof typeof steps

const toHolding: readonly Step[] = ['all run', 'b lost', 'b noted']
const always = { STOP: 'watching', 'CONFIGURE alone': 'watching', REMOVE: 'removed' } as const

/** How each state is reached, and what each event does there; what is not named changes nothing. */
const chart: Record<string, { spec?: GroupSpec; by: readonly Step[]; on: Partial<Record<Step, string>> }> = {
  watching: { by: ['all run'], on: { ...always, 'b lost': 'holding', 'a lost': 'holding', RESTART: 'holding' } },
  holding: {
    by: toHolding,
    on: {
      ...always,
      'all held': 'backingOff',
      'somebody asks': 'backingOff',
      'a broken': 'backingOff',
      'all rest': 'watching',
    },
  },
  backingOff: {
    by: [...toHolding, 'all held'],
    on: {
      ...always,
      delay: 'releasing',
      START: 'releasing',
      RESTART: 'releasing',
      'somebody asks': 'releasing',
      'b lost': 'holding',
      'a lost': 'holding',
      'all rest': 'watching',
    },
  },
  releasing: {
    by: [...toHolding, 'all held', 'delay'],
    on: {
      ...always,
      'all run': 'watching',
      'b lost': 'holding',
      'a lost': 'holding',
      'a broken': 'stopping',
      'all rest': 'watching',
      'some rest': 'watching',
    },
  },
  stopping: {
    spec: groupOf({ restart: { maxRestarts: 0 } }),
    by: ['all run', 'b lost'],
    on: { ...always, START: 'watching', RESTART: 'watching', 'somebody asks': 'watching', 'all rest': 'failed' },
  },
  failed: {
    spec: groupOf({ restart: { maxRestarts: 0 } }),
    by: ['all run', 'b lost', 'all rest'],
    on: {
      ...always,
      START: 'watching',
      RESTART: 'watching',
      ...Object.fromEntries(
        (
          [
            'all run',
            'b lost',
            'b noted',
            'c ends',
            'all held',
            'a up',
            'a starts',
            'a broken',
            'somebody asks',
            'some rest',
            'a lost',
          ] as const
        ).map((name) => [name, 'watching']),
      ),
    },
  },
  removed: { by: ['REMOVE'], on: {} },
}

describe('every state × every event', () => {
  const names = Object.keys(steps) as Step[]
  const pairs = Object.entries(chart).flatMap(([state, { on }]) => names.map((name) => [state, name, on[name] ?? state] as const))
  test.each(pairs)('%s + %s → %s', (state, name, expected) => {
    const s = start(chart[state]?.spec)
    for (const step of chart[state]?.by ?? []) steps[step](s)
    expect(s.state()).toBe(state)
    steps[name](s)
    expect(s.state()).toBe(expected)
  })
})

test('it holds from the last to the first, one after the other, and lets go from the first, each ready before the next', () => {
  const s = start()
  steps['all run'](s)
  s.see(runs, lost, runs)
  expect(s.said()).toEqual(['HOLD b', 'HOLD c'])
  s.see(runs, held, stops)
  expect(s.said()).toEqual([])
  s.see(runs, held, held)
  expect(s.said()).toEqual(['HOLD a'])
  steps['all held'](s)
  expect(s.context().because).toBe('b exited with code 1; restart 1 of 3, in 1 s')
  steps.delay(s)
  expect(s.said()).toEqual(['RELEASE a'])
  steps['a starts'](s)
  expect(s.said()).toEqual([])
  steps['a up'](s)
  expect(s.said()).toEqual(['RELEASE b'])
  s.see(runs, runs, held)
  expect(s.said()).toEqual(['RELEASE c'])
  steps['all run'](s)
  expect(s.facts.map(({ type }) => type)).toEqual(['group.holding', 'group.releasing', 'group.restarted'])
  expect(s.context().because).toBe('restarted after b exited with code 1 (restart 1 of 3)')
})

test('rest_for_one: the members before it are left alone; one that falls meanwhile widens the restart and costs nothing more', () => {
  const s = start(groupOf({ strategy: 'rest_for_one', services: ['a', 'b', 'c', 'd'] }))
  s.see(runs, runs, lost, runs)
  expect(s.said()).toEqual(['HOLD c', 'HOLD d'])
  s.see(runs, lost, held, stops)
  expect(s.said()).toEqual(['HOLD b'])
  s.see(runs, held, held, held)
  expect(s.state()).toBe('backingOff')
  expect(s.context()).toMatchObject({ restartCount: 1, first: 'b', history: { streak: 1 } })
  steps.delay(s)
  expect(s.said()).toEqual(['RELEASE b'])
})

test('several that fall at once are one loss', () => {
  const s = start()
  s.see(lost, { ...lost, loss: ended(-5) }, lost)
  expect(s.said()).toEqual(['HOLD a', 'HOLD b', 'HOLD c'])
  // Each word is followed by a look.
  s.see(held, lost, lost)
  s.see(held, held, lost)
  steps['all held'](s)
  expect(s.context()).toMatchObject({ restartCount: 1, because: 'b exited with code 1; restart 1 of 3, in 1 s' })
})

test('the delays are exact, grow, and end in giving up; START then begins afresh', () => {
  const s = start()
  const delays: number[] = []
  for (let n = 0; n < 3; n++) {
    s.see(runs, { ...lost, loss: ended(s.clock.now()) }, runs)
    steps['all held'](s)
    const begun = s.clock.now()
    while (s.state() === 'backingOff') s.clock.increment(1)
    delays.push(s.clock.now() - begun)
    steps['all run'](s)
  }
  expect(delays).toEqual([1_000, 2_000, 4_000])
  s.said()
  s.see(runs, lost, runs)
  expect(s.state()).toBe('stopping')
  // What is held goes at once, the others from the last to the first.
  expect(s.said()).toEqual(['STOP b', 'STOP c'])
  s.see(runs, rests, { ...stops, desired: 'stop' })
  expect(s.said()).toEqual([])
  s.see(runs, rests, rests)
  expect(s.said()).toEqual(['STOP a'])
  steps['all rest'](s)
  expect(s.facts.at(-1)).toMatchObject({
    type: 'group.gaveUp',
    because: 'b exited with code 1; gave up after 3 restarts (max_restarts: 3): stops a, b, c',
  })
  steps.START(s)
  expect(s.said()).toEqual(['START a', 'START b', 'START c'])
  expect(s.context()).toMatchObject({ history: { restarts: [], streak: 0 }, outcome: null })
})

describe('settled', () => {
  test('is a group whose members were all ready for stable_uptime: the next restart is at once', () => {
    const s = start()
    s.see({ ...runs, readyAt: 5_000 }, { ...lost, loss: ended(15_000, 1_000) }, { ...runs, readyAt: 2_000 })
    s.see(held, held, held)
    expect(s.state()).toBe('releasing')
    expect(s.facts[0]?.because).toBe('b exited with code 1; restart 1 of 3, at once: restarts a, b, c')
  })
  test.each([
    ['got ready late', { ...runs, readyAt: 5_001 }],
    ['is not ready', starts],
  ])('is none of which one %s', (_, looks) => {
    const s = start()
    s.see(looks, { ...lost, loss: ended(15_000, 1_000) }, { ...runs, readyAt: 2_000 })
    s.see(held, held, held)
    expect(s.state()).toBe('backingOff')
  })
  test('does not ask what rests, nor a one-shot that still runs', () => {
    const s = start()
    s.see(rests, { ...lost, loss: ended(15_000, 1_000) }, { ...runs, oneShot: true, readyAt: 14_000 })
    s.see(rests, held, held)
    expect(s.state()).toBe('releasing')
  })
})

test('OTP supervisor_SUITE: multiple_restarts: ends further apart than the window never add up', () => {
  const s = start(groupOf({ restart: { maxRestarts: 1, window: 60_000, stableUptime: 3_600_000 } }))
  for (let n = 0; n < 10; n++) {
    s.see(runs, { ...lost, loss: ended(n * 60_000) }, runs)
    expect(s.state()).toBe('holding')
    steps['all held'](s)
    s.clock.increment(60_000)
    steps['all run'](s)
  }
  expect(s.context().restartCount).toBe(10)
  s.see(runs, { ...lost, loss: ended(9 * 60_000 + 59_999) }, runs)
  expect(s.state()).toBe('stopping')
})

test('whoever does not want to wait gets what was held at once, free of the budget', () => {
  const s = start()
  for (let n = 0; n < 5; n++) {
    s.see(runs, lost, runs)
    steps['all held'](s)
    expect(s.context().because).toBe('b exited with code 1; restart 1 of 3, in 1 s')
    steps['somebody asks'](s)
    expect(s.state()).toBe('releasing')
    steps['all run'](s)
  }
})

test('what is never started again is ended, not held; before it has run it waits like the others', () => {
  const s = start()
  s.see(lost, { ...runs, policy: 'never' }, { state: 'gate.waiting', policy: 'never' })
  expect(s.said()).toEqual(['HOLD a', 'HOLD c'])
  s.see(held, { ...runs, policy: 'never' }, held)
  expect(s.said()).toEqual(['STOP b'])
})

test('a one-shot lets the next one go once it has completed', () => {
  const s = start()
  s.see({ ...lost, oneShot: true }, runs, runs)
  s.see({ ...held, oneShot: true }, held, held)
  steps.delay(s)
  s.said()
  s.see({ ...runs, oneShot: true }, held, held)
  expect(s.said()).toEqual([])
  s.see({ state: 'completed', rests: true, oneShot: true }, held, held)
  expect(s.said()).toEqual(['RELEASE b'])
})

test('whoever is held by nobody any more is let go', () => {
  const s = start()
  s.see(runs, held, runs)
  expect(s.said()).toEqual(['RELEASE b'])
})

test('one_for_one: no end of a member is its business; RESTART still goes in order', () => {
  const s = start(groupOf({ strategy: 'one_for_one' }))
  s.see(runs, lost, runs)
  expect([s.state(), s.said()]).toEqual(['watching', []])
  steps['all run'](s)
  steps.RESTART(s)
  expect(s.said()).toEqual(['HOLD c'])
  // One that is given up meanwhile has been given up by itself.
  steps['all held'](s)
  s.see(broken, held, held)
  expect([s.state(), s.said()]).toEqual(['releasing', ['RELEASE a', 'RELEASE b']])
})

test('what an earlier run wrote down goes on: it had given up, and it goes on counting', () => {
  const record = { outcome: null, because: 'x', restartCount: 7, history: { restarts: [0, 1, 2], streak: 3 } }
  const s = start(groupOf(), record)
  expect(s.state()).toBe('watching')
  s.see(runs, { ...lost, loss: ended(3) }, runs)
  expect(s.state()).toBe('stopping')
  expect(start(groupOf(), { ...record, outcome: 'failed' }).state()).toBe('failed')
})
