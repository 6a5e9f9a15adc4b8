import { setTimeout as sleep } from 'node:timers/promises'
import process from 'node:process'
import { createActor, enqueueActions, fromCallback, setup, type AnyActorRef, type InspectionEvent } from 'xstate'
import { createDirectory } from '../src/directory.ts'
import { createInspection, inspectInto, type Inspection } from '../src/inspection.ts'
import { processMachine } from '../src/machines/process.ts'
import type { InspectionItem } from '../src/protocol/inspection.ts'
import { limits } from '../src/protocol/limits.ts'
import { probe, specOf } from '../test/support/specs.ts'
import { median, most, ratio, type Row } from './measure.ts'

/** What it costs that everything that happens can be looked at: while nobody looks, one does, or a hundred do. */

const actors = 50
/** Each is two: the process takes it, and tells its parent, who has no use for it. */
const sends = 6_000
const rounds = 5

const fail = (error: unknown): never => {
  throw error
}

/** Processes that get sick and well again at every event, as real ones do now and then. */
function processes(inspect: (event: InspectionEvent) => void, count: number): AnyActorRef[] {
  const program = processMachine.provide({
    actors: { child: fromCallback(() => {}), probe: fromCallback(() => {}), memory: fromCallback(() => {}) },
  })
  const root = createActor(
    setup({ types: { events: {} as { type: 'SPAWN'; name: string } }, actors: { program } }).createMachine({
      on: {
        SPAWN: {
          actions: enqueueActions(({ enqueue, event: { name } }) => {
            const spec = specOf({ name, liveness: { ...probe, failures: 1 } })
            const input = { address: `process.${name}`, spec, incarnation: '1', adopt: null }
            enqueue.spawnChild('program', { id: name, input })
          }),
        },
      },
    }),
    { inspect },
  ).start()
  for (let index = 0; index < count; index++) root.send({ type: 'SPAWN', name: `web-${index}` })
  const all = Object.values(root.getSnapshot().children as unknown as Record<string, AnyActorRef>)
  const leader = { pid: 1, start: 1 }
  const spawned = { incarnation: '1', pid: 1, start: 1, leader, containment: 'mark', memory: null, logOffset: 0, at: 1 }
  for (const one of all) one.send({ type: 'child.spawned', ...spawned })
  return all
}

/** How much of the CPU one event takes, µs; watchers included. */
function costOf(inspect: (event: InspectionEvent) => void): () => Promise<number> {
  const all = processes(inspect, actors)
  let sick = false
  return async () => {
    const before = process.cpuUsage()
    for (let sent = 0; sent < sends; sent += all.length * 4) {
      for (let index = 0; index < all.length * 4; index++) {
        if (index % all.length === 0) sick = !sick
        const event = sick ? { type: 'probe.failed', because: 'connection refused', at: 1 } : { type: 'probe.passed', at: 1 }
        all[index % all.length]?.send(event)
      }
      // Watchers are told between the turns.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await sleep(2 * limits.inspectionPause)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / (2 * sends)
  }
}

const inspection = (): Inspection =>
  createInspection({ directory: createDirectory(), run: 'bench', itemsInTurn: Infinity, onError: fail })

function watched(count: number): Inspection {
  const one = inspection()
  // What a wire does with an item.
  const sink = { room: () => undefined, item: (item: unknown) => void JSON.stringify(item), end() {} }
  for (let index = 0; index < count; index++) one.watch({ after: null, history: 0 }, sink)
  return one
}

/** A text of its own, in one piece. */
const text = (length: number, index: number): string => Buffer.alloc(length, `${index} `).toString('latin1')

const used = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** How long it takes until a late watcher, the first one, has heard of everybody, ms, and how much that is, KB. */
function joinOf(count: number) {
  const one = inspection()
  processes(one.inspect, Math.floor(count / 3))
  let bytes = 0
  let told = 0
  const since = performance.now()
  one.watch(
    { after: null, history: 0 },
    {
      room: () => undefined,
      item(item) {
        bytes += JSON.stringify(item).length
        const heard = item as InspectionItem
        if (heard.type === 'actors') told += heard.actors.length
      },
      end() {},
    },
  )()
  return { ms: performance.now() - since, kb: bytes / 1024, told }
}

/** What a full ring keeps alive, MB: of these events, and once all of it was read. */
function memoryOf(event: (index: number) => { readonly type: string }) {
  const one = inspection()
  const [first] = processes(one.inspect, 1)
  const before = used()
  for (let index = 0; index < limits.inspectionRecords; index++) first?.send(event(index))
  const kept = (used() - before) / 2 ** 20
  one.watch({ after: null, history: limits.inspectionRecords }, { room: () => undefined, item() {}, end() {} })()
  const read = (used() - before) / 2 ** 20
  // It is there up to here.
  void one.contexts([])
  return { kept, read }
}

export async function inspect(): Promise<Row[]> {
  const ways = {
    bare: costOf(inspectInto(createDirectory(), fail)),
    tapped: costOf(inspection().inspect),
    one: costOf(watched(1).inspect),
    hundred: costOf(watched(100).inspect),
  }
  const costs: Record<keyof typeof ways, number[]> = { bare: [], tapped: [], one: [], hundred: [] }
  for (let round = -2; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const cost = await way()
      // The first few warm all of them up.
      if (round >= 0) costs[name as keyof typeof ways].push(cost)
    }
  }
  const [bare, tapped, one, hundred] = [costs.bare, costs.tapped, costs.one, costs.hundred].map(median) as [
    number,
    number,
    number,
    number,
  ]
  const small = Array.from({ length: rounds }, () => joinOf(1_000))
  const many = joinOf(10_000)
  const [{ told, kb } = many] = small
  const joined = median(small.map(({ ms }) => ms))
  const usual = memoryOf((index) => ({
    type: index % 2 === 0 ? 'probe.failed' : 'probe.passed',
    because: `refused ${index}`,
    at: index,
  }))
  // Just small enough to be kept as they are, and so large that they would fill the memory.
  const large = memoryOf((index) => ({ type: 'large', text: text(1_900, index) }))
  const huge = memoryOf((index) => ({
    type: 'huge',
    text: text(64 * 1024, index),
    list: Array.from({ length: 500 }, () => index),
  }))
  return [
    ratio('an event, told to nobody, against the directory alone', tapped, bare, 2, 'µs'),
    // Of the rounds that were disturbed least: this is no ratio, so whatever else the machine does would count.
    most('what it adds', Math.min(...costs.tapped) - Math.min(...costs.bare), 5, 'µs'),
    ratio('an event, told to one watcher', one, bare, 5, 'µs'),
    ratio('an event, told to a hundred', hundred, bare, 120, 'µs'),
    most(`${told} actors, told to a late watcher`, joined, 20, 'ms'),
    most('their size', kb, 200, 'KB'),
    ratio(`${many.told} actors, told to a late watcher`, many.ms, joined, 30, 'ms'),
    most('their size', many.kb, 2_000, 'KB'),
    most('a full ring of small events', usual.kept, 16, 'MB'),
    most('the same, all of it read', usual.read, 24, 'MB'),
    most('a full ring of large events', large.kept, 32, 'MB'),
    most('the same, all of it read', large.read, 32, 'MB'),
    most('a full ring of huge events', huge.kept, 32, 'MB'),
    most('the same, all of it read', huge.read, 32, 'MB'),
  ]
}
