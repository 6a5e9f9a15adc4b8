import { admin, facts, fleet, spec } from './fleet.ts'
import { median, most, ratio, watchLoop, type Row } from './measure.ts'

/**
 * What one more costs must not depend on how many there are: per item, the same work with 100 and with ten or a hundred times
 * as many. Actors without programs go up to 10,000 services; programs up to 1,000.
 */
export async function scale(): Promise<Row[]> {
  return [...(await actorRows()), ...(await programRows())]
}

/** µs per item. */
interface Costs {
  readonly actors: number
  readonly add: number
  readonly start: number
  readonly stop: number
  readonly end: number
  readonly one: number
  readonly all: number
  readonly list: number
}

const sizes = [100, 1_000, 10_000] as const
/** The first one warms up the code. */
const rounds = 3

async function actorRows(): Promise<Row[]> {
  // Warms up the code; its figures count for nothing.
  await actorCosts(100)
  const rows: Row[] = []
  const [few, ...more] = await inTurns(sizes, actorCosts)
  if (few === undefined) return rows
  for (const many of more) {
    const of = `(${many.actors} actors against ${few.actors})`
    for (const what of ['add', 'start', 'stop', 'end', 'one', 'all', 'list'] as const) {
      rows.push(ratio(`${phrases[what]} ${of}`, many[what], few[what], 2, 'µs'))
    }
  }
  return rows
}

const phrases = {
  add: 'adding a service',
  start: 'starting one of all',
  stop: 'stopping one of all',
  end: 'ending one of all',
  one: 'status of one',
  all: 'status of each of all',
  list: 'each of all actors listed',
} as const

async function inTurns<T>(items: readonly number[], work: (count: number) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (const item of items) found.push(await work(item))
  return found
}

async function timed(each: number, work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return ((performance.now() - before) * 1_000) / each
}

async function repeated(times: number, each: number, work: () => Promise<unknown>): Promise<number> {
  const figures: number[] = []
  for (let i = 0; i < times; i++) figures.push(await timed(each, work))
  return median(figures)
}

/** Services that wait for one that never completes: only the actors are measured, no program. */
async function actorCosts(count: number): Promise<Costs> {
  const names = Array.from({ length: count }, (_, i) => `s${i}`)
  const blocked = [{ service: 'never', condition: 'completed' as const }]
  const services = [...names.map((name) => spec({ name, dependsOn: blocked })), spec({ name: 'never', oneShot: true })]
  const since = performance.now()
  const many = await fleet(services)
  const add = ((performance.now() - since) * 1_000) / count
  const start: number[] = []
  const stop: number[] = []
  let actors = 0
  for (let round = 0; round < rounds; round++) {
    const waiting = facts(many, 'service.waiting', count)
    start.push(
      await timed(count, async () => {
        await many.gateway.invoke(admin, 'service.start', { services: names, wait: false })
        await waiting
      }),
    )
    actors = Array.from(many.view.actors()).length
    stop.push(await timed(count, () => many.gateway.invoke(admin, 'service.stop', { services: names })))
  }
  const one = await repeated(500, 1, () => many.gateway.invoke(admin, 'system.status', { services: ['s5'] }))
  const all = await repeated(20, count, () => many.gateway.invoke(admin, 'system.status', {}))
  const list = await repeated(20, count, () => many.gateway.invoke(admin, 'actor.list', {}))
  const end = await timed(count, () => many.end())
  return { actors, add, start: median(start), stop: median(stop), end, one, all, list }
}

/** Real programs: what spawning, looking at and ending one of them costs beside 99 and beside 999 others. */
async function programRows(): Promise<Row[]> {
  const few: Programs[] = []
  const many: Programs[] = []
  await programCosts(100)
  for (let round = 0; round < 3; round++) {
    few.push(await programCosts(100))
    many.push(await programCosts(1_000))
  }
  const row = (what: keyof Programs, phrase: string): Row => {
    const of = (all: readonly Programs[]): number => median(all.map((costs) => costs[what]))
    return ratio(`${phrase} (1,000 programs against 100)`, of(many), of(few), 2, 'µs')
  }
  return [
    row('spawn', 'spawning one of all'),
    row('status', 'status of each of all'),
    row('stop', 'stopping one of all'),
    most('1,000 spawned: longest time the loop was deaf', median(many.map(({ deaf }) => deaf)), 100, 'ms'),
    most('1,000 stopped: longest time the loop was deaf', median(many.map(({ deafAtStop }) => deafAtStop)), 150, 'ms'),
  ]
}

interface Programs {
  readonly spawn: number
  readonly status: number
  readonly stop: number
  /** The longest time that the loop was deaf while they were spawned, ms. */
  readonly deaf: number
  /** While they were stopped: their ends come all at once. */
  readonly deafAtStop: number
}

async function programCosts(count: number): Promise<Programs> {
  const names = Array.from({ length: count }, (_, i) => `s${i}`)
  const many = await fleet(names.map((name) => spec({ name })))
  const spawning = watchLoop()
  const spawned = facts(many, 'service.spawned', count)
  const spawn = await timed(count, async () => {
    await many.gateway.invoke(admin, 'service.start', { services: names, wait: false })
    await spawned
  })
  const deaf = spawning()
  const status = await repeated(50, count, () => many.gateway.invoke(admin, 'system.status', {}))
  const stopping = watchLoop()
  const stop = await timed(count, () => many.gateway.invoke(admin, 'service.stop', { services: names }))
  const deafAtStop = stopping()
  await many.end()
  return { spawn, status, stop, deaf, deafAtStop }
}
