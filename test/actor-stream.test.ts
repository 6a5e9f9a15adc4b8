import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyActorRef } from 'xstate'
import { watchActors } from '../src/actor-stream.ts'
import { createDirectory, type MachineSnapshotView } from '../src/directory.ts'
import type { WatchPosition } from '../src/protocol/command.ts'
import type { Fact } from '../src/protocol/facts.ts'
import { limits } from '../src/protocol/limits.ts'
import type { WatchItem } from '../src/protocol/status.ts'

/** A directory with actors that are changed and reaped at will, and a journal of its facts. */
function world() {
  const directory = createDirectory()
  const journal: Fact[] = []
  const refs = new Map<string, AnyActorRef>()
  let states = 0
  const show = (address: string, status: 'active' | 'done'): void => {
    const ref = refs.get(address) ?? ({} as AnyActorRef)
    if (status === 'active') refs.set(address, ref)
    else refs.delete(address)
    const snapshot: MachineSnapshotView = {
      status,
      value: `s${++states}`,
      tags: new Set(['active']),
      context: { address },
      can: () => false,
    }
    directory.observe(ref, snapshot)
  }
  return {
    directory,
    journal,
    change: (address: string) => show(address, 'active'),
    reap: (address: string) => void (refs.has(address) && show(address, 'done')),
    state: (about: string) => void journal.push(directory.record({ type: 'service.ready', about })),
    source: {
      directory,
      run: 'one',
      facts: ({ after = 0, upTo = Infinity }) => Promise.resolve(journal.filter(({ seq }) => seq > after && seq <= upTo)),
    } satisfies Parameters<typeof watchActors>[0],
  }
}
type World = ReturnType<typeof world>

/** A reader that keeps what it hears, can be shut, and can be cut off and come back where it was. */
function reader({ source }: World, { facts = false, filter = null }: { facts?: boolean; filter?: string | null } = {}) {
  const known = new Map<string, string>()
  const items: WatchItem[] = []
  const heardFacts: number[] = []
  const ends: string[] = []
  let position: WatchPosition | null = null
  let shut = false
  let wake = (): void => {}
  let cancel = (): void => {}

  const take = (item: WatchItem): void => {
    items.push(item)
    if (item.type === 'fact') {
      heardFacts.push(item.fact.seq)
      position = position === null ? null : { ...position, fact: item.fact.seq }
      return
    }
    if (item.type === 'begin') {
      if (!item.resumed) known.clear()
      position = { run: item.run, seq: item.seq, fact: position?.fact ?? item.fact }
      return
    }
    position = { run: 'one', ...position, seq: item.seq }
    if (item.type === 'reaped') known.delete(item.actor.address)
    else known.set(item.actor.address, item.actor.state)
  }
  const connect = (): void => {
    let alive = true
    const stop = watchActors(
      source,
      { source: 'actors', filter, facts, after: position },
      {
        room: () => (alive && shut ? new Promise((resolve) => (wake = resolve)) : undefined),
        item: (item) => void (alive && take(item as WatchItem)),
        end: (because) => ends.push(because),
      },
    )
    cancel = () => {
      alive = false
      stop()
      wake()
    }
  }
  connect()
  const open = (): void => {
    shut = false
    wake()
  }
  return {
    known,
    items,
    heardFacts,
    ends,
    shut: () => void (shut = true),
    open,
    again() {
      cancel()
      connect()
    },
    get position() {
      return position
    },
    set position(next) {
      position = next
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const presentIn = ({ directory }: World, prefix = ''): Map<string, string> =>
  new Map(
    Array.from(directory.actors(), ({ address, state }) => [address, state] as const).filter(([one]) => one.startsWith(prefix)),
  )

const addresses = ['service.a', 'service.b', 'service.ab', 'process.a', 'connection.1']
const about = fc.constantFrom(...addresses)
const op = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('change' as const), address: about }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reap' as const), address: about }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('state' as const), address: about }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('turn' as const, 'microtask' as const, 'shut' as const, 'open' as const, 'again' as const),
    }),
  },
)

test('whatever happens, and however often it is cut off: no change and no fact is lost, and none comes twice (process-compose: TestBroadcaster_SnapshotAtomicWithSubscribe)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 60 }), fc.array(op, { maxLength: 10 }), async (ops, before) => {
      const one = world()
      for (const step of before) if ('address' in step) one[step.do](step.address)
      const firstFact = one.directory.lastFact()
      const all = reader(one, { facts: true })
      const some = reader(one, { filter: 'service.' })
      for (const step of ops) {
        if ('address' in step) one[step.do](step.address)
        else if (step.do === 'turn') await turn()
        else if (step.do === 'microtask') await Promise.resolve()
        else for (const each of [all, some]) each[step.do]()
      }
      all.open()
      some.open()
      await turn()
      expect(all.known).toEqual(presentIn(one))
      expect(some.known).toEqual(presentIn(one, 'service.'))
      expect(all.heardFacts).toEqual(one.journal.map(({ seq }) => seq).filter((seq) => seq > firstFact))
      for (const { items } of [all, some]) {
        const seqs = items.flatMap((item) => ('actor' in item ? [item.seq] : []))
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
      }
      expect([...all.ends, ...some.ends]).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('the begin, the present and a change in the same turn: of each the newest, once', async () => {
  const one = world()
  one.change('service.a')
  one.change('service.b')
  const { items } = reader(one)
  one.change('service.a')
  await turn()
  expect(items.map((item) => [item.type, 'seq' in item ? item.seq : 0])).toEqual([
    ['begin', 0],
    ['snapshot', 2],
    ['changed', 3],
  ])
})

test('another run, a number that is none of this one: the whole present', async () => {
  const one = world()
  one.change('service.a')
  await turn()
  for (const position of [
    { run: 'two', seq: 1 },
    { run: 'one', seq: 2 },
  ]) {
    const late = reader(one)
    late.position = position
    late.again()
    await turn()
    expect(late.items.slice(-2)).toMatchObject([{ type: 'begin', resumed: false }, { type: 'snapshot' }])
  }
  const same = reader(one)
  same.position = { run: 'one', seq: 1 }
  same.again()
  await turn()
  expect(same.items.at(-1)).toMatchObject({ type: 'begin', resumed: true, seq: 1 })
})

test('it is resumed as long as nothing that was reaped since is forgotten, of the kind that is watched', async () => {
  const one = world()
  one.change('service.a')
  await turn()
  const all = reader(one)
  const services = reader(one, { filter: 'service.' })
  await turn()
  const end = (from: number, to: number): void => {
    for (let n = from; n < to; n++) {
      one.change(`connection.${n}`)
      one.reap(`connection.${n}`)
    }
  }
  const lastBegin = ({ items }: { items: WatchItem[] }) => items.findLast(({ type }) => type === 'begin')
  all.shut()
  services.shut()
  end(0, limits.reapedActors)
  all.again()
  services.again()
  all.open()
  services.open()
  await turn()
  expect([lastBegin(all), lastBegin(services)]).toMatchObject([{ resumed: true }, { resumed: true }])
  expect(all.items.filter(({ type }) => type === 'reaped')).toHaveLength(limits.reapedActors)

  const behind = { run: 'one', seq: 1 }
  one.change('connection.x')
  one.reap('connection.x')
  all.position = behind
  services.position = behind
  all.again()
  services.again()
  await turn()
  expect([lastBegin(all), lastBegin(services)]).toMatchObject([{ resumed: false }, { resumed: true }])
  expect(all.known).toEqual(presentIn(one))
})

test('a reader so slow that it would miss an end is cut off', async () => {
  const one = world()
  const slow = reader(one)
  await turn()
  slow.shut()
  for (let n = 0; n <= limits.reapedActors; n++) {
    one.change(`connection.${n}`)
    one.reap(`connection.${n}`)
  }
  await turn()
  slow.open()
  await turn()
  expect(slow.ends).toHaveLength(1)
})
