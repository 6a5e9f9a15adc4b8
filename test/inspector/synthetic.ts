import type { ActorRow, Chart, ChartNode, InspectionRecord } from '../../src/protocol/inspection.ts'

/** Fleets that there are not, as an orchestrator would tell of them: the same ones for the same seed. */

/** Numbers from 0 up to 1, always the same ones (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const node = (id: string, tags: readonly string[], more: Partial<ChartNode> = {}): ChartNode => ({
  id,
  key: id.slice(id.lastIndexOf('.') + 1),
  type: 'atomic',
  initial: null,
  tags,
  entry: [],
  exit: [],
  invoke: [],
  edges: [],
  states: [],
  ...more,
})

const edge = (from: string, number: number, type: string, target: string) => ({
  id: `${from}#${number}`,
  type,
  label: type,
  guard: null,
  actions: [],
  targets: [target],
})

/** A small machine: it starts, runs, stops and may crash. */
export const chart: Chart = {
  hash: 'synthetic1',
  root: node('unit', [], {
    type: 'compound',
    initial: 'starting',
    states: [
      node('unit.starting', ['handshake'], {
        edges: [edge('unit.starting', 0, 'up', 'unit.running'), edge('unit.starting', 1, 'failed', 'unit.crashed')],
      }),
      node('unit.running', ['active'], {
        edges: [edge('unit.running', 0, 'STOP', 'unit.stopped'), edge('unit.running', 1, 'failed', 'unit.crashed')],
      }),
      node('unit.stopped', ['reaped'], { edges: [edge('unit.stopped', 0, 'START', 'unit.starting')] }),
      node('unit.crashed', ['reaped'], { edges: [edge('unit.crashed', 0, 'retry', 'unit.starting')] }),
    ],
  }),
}

const pools = ['services', 'groups', 'workflows', 'programs', 'schedules', 'hooks', 'listeners', 'connections']

interface Way {
  readonly state: string
  readonly phase: 'handshake' | 'active' | 'reaped'
  readonly event: string
  readonly edge: string
  readonly reason?: string
}

/** From each state: what may come next. */
const ways: Readonly<Record<string, readonly Way[]>> = {
  starting: [
    { state: 'running', phase: 'active', event: 'up', edge: 'unit.starting#0' },
    { state: 'crashed', phase: 'reaped', event: 'failed', edge: 'unit.starting#1', reason: 'exited with code 1' },
  ],
  running: [
    { state: 'stopped', phase: 'reaped', event: 'STOP', edge: 'unit.running#0', reason: 'stopped by an operator' },
    { state: 'crashed', phase: 'reaped', event: 'failed', edge: 'unit.running#1', reason: 'killed by SIGKILL' },
  ],
  stopped: [{ state: 'starting', phase: 'handshake', event: 'START', edge: 'unit.stopped#0', reason: 'started again' }],
  crashed: [{ state: 'starting', phase: 'handshake', event: 'retry', edge: 'unit.crashed#0', reason: 'tried again' }],
}

export interface Synthetic {
  /** Everybody there is, now. */
  readonly actors: ReadonlyMap<string, ActorRow>
  readonly seq: number
  readonly at: number
  /** The next so many records, and the fleet is as it is after them. */
  records(count: number, every?: number): readonly InspectionRecord[]
  context(id: string): unknown
}

/** A fleet of so many services with a process each (two rows a service), and what else there is in one. */
export function synthetic(services: number, seed = 1, begun = 1_767_225_600_000): Synthetic {
  const chance = chanceOf(seed)
  const actors = new Map<string, ActorRow>()
  const contexts = new Map<string, Readonly<Record<string, unknown>>>()
  let [next, seq, at] = [0, 0, begun]

  function add(row: Omit<ActorRow, 'id' | 'since' | 'events'>): string {
    const id = `x:${next++}`
    actors.set(id, { id, since: at - Math.floor(chance() * 3_600_000), events: 0, chart: chart.hash, ...row })
    contexts.set(id, { address: row.address ?? null, tries: 0, last: null })
    return id
  }
  const open = { phase: 'active', state: 'open' } as const
  const root = add({ address: 'supervisor.root', ...open })
  const poolIds = new Map(pools.map((name) => [name, add({ address: `supervisor.${name}`, parent: root, ...open })]))
  const bucketIds = new Map(pools.map((name) => [name, add({ name: 'b0', parent: poolIds.get(name) ?? root, ...open })]))
  const under = (pool: string): string => bucketIds.get(pool) ?? root
  const names = ['web', 'api', 'worker', 'mailer', 'search', 'billing', 'cache', 'gateway']
  const units: string[] = []
  for (let index = 0; index < services; index++) {
    const name = `${names[index % names.length] ?? 'unit'}${index < names.length ? '' : `-${Math.floor(index / names.length)}`}`
    const luck = chance()
    const position =
      luck < 0.86
        ? ({ phase: 'active', state: 'running' } as const)
        : luck < 0.93
          ? ({ phase: 'handshake', state: 'starting', reason: 'started by the fleet' } as const)
          : ({ phase: 'reaped', state: 'crashed', reason: 'exited with code 1' } as const)
    const service = add({ address: `service.${name}`, parent: under('services'), ...position })
    units.push(service)
    const process = add({ address: `process.${name}`, parent: service, phase: 'active', state: 'up.healthy' })
    if (index % 5 === 0) {
      const { chart: _, ...probe } = { chart: '', name: 'liveness', parent: process, logic: 'callback' }
      const id = `x:${next++}`
      actors.set(id, { id, since: at, events: 0, ...probe })
    }
  }
  add({ address: 'group.front', parent: under('groups'), phase: 'active', state: 'up' })
  add({ address: 'schedule.nightly', parent: under('schedules'), phase: 'handshake', state: 'waiting' })
  add({ address: 'listener.http', parent: under('listeners'), phase: 'active', state: 'open.listening' })
  add({ address: 'connection.1', parent: under('connections'), phase: 'active', state: 'open' })

  function step(to: string, of: number): InspectionRecord {
    const row = actors.get(to) as ActorRow
    const open = ways[row.state ?? ''] ?? []
    const way = open[Math.floor(chance() * open.length)]
    if (way === undefined) return { type: 'ignored', seq, at, actor: to, of, event: 'ping' }
    const { phase, state, since, reason } = row
    const was = { phase, state, since, ...(reason === undefined ? {} : { reason }) }
    const is = { phase: way.phase, state: way.state, since: at, ...(way.reason === undefined ? {} : { reason: way.reason }) }
    const { reason: _, ...rest } = row
    actors.set(to, { ...rest, ...is })
    const held = contexts.get(to) ?? {}
    const tries = Number(held['tries'] ?? 0)
    contexts.set(to, { ...held, tries: tries + 1, last: way.event })
    const changes = { tries: [tries, tries + 1], last: [held['last'] ?? null, way.event] } satisfies Record<
      string,
      [unknown, unknown]
    >
    return { type: 'step', seq, at, actor: to, of, event: way.event, edges: [way.edge], was, is, changes }
  }
  /** A program that comes and goes. */
  function program(): InspectionRecord[] {
    const id = `x:${next++}`
    const row: ActorRow = { id, parent: under('programs'), chart: chart.hash, since: at, events: 0 }
    const position = { phase: 'active' as const, state: 'running', since: at }
    const named = { ...row, ...position, address: `program.${id.slice(2)}` }
    const end = chance() < 0.3 ? ('error' as const) : ('done' as const)
    const ended: ActorRow = { ...named, end }
    actors.set(id, ended)
    return [
      { type: 'actor', seq: ++seq, at, actor: row },
      { type: 'named', seq: ++seq, at, actor: id, is: named.address },
      { type: 'step', seq: ++seq, at, actor: id, event: 'xstate.init', edges: [], was: { since: at }, is: position },
      { type: 'ended', seq: ++seq, at, actor: ended, context: { code: end === 'done' ? 0 : 1 } },
    ]
  }
  function turn(): InspectionRecord[] {
    if (chance() < 0.02) return program()
    const to = units[Math.floor(chance() * units.length)] ?? root
    const row = actors.get(to) as ActorRow
    actors.set(to, { ...row, events: row.events + 1 })
    const event = {
      type: 'event',
      seq: ++seq,
      at,
      to,
      from: root,
      event: 'tick',
      payload: { load: Math.round(chance() * 100) },
    } as const
    seq++
    return [event, chance() < 0.5 ? step(to, event.seq) : { type: 'ignored', seq, at, actor: to, of: event.seq, event: 'tick' }]
  }
  return {
    actors,
    get seq() {
      return seq
    },
    get at() {
      return at
    },
    records(count, every = 4) {
      const made: InspectionRecord[] = []
      while (made.length < count) {
        at += every
        made.push(...turn())
      }
      return made
    },
    context: (id) => contexts.get(id),
  }
}
