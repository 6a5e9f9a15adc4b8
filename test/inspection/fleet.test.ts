import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connect, type Output } from '../../src/client/index.ts'
import type { Chart, ChartNode, InspectionRecord } from '../../src/protocol/inspection.ts'
import { cutterTo } from '../support/cutter.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { httpFleet } from '../support/http.ts'
import { forwards, rowsById, type Rows } from '../support/inspected.ts'
import { listenTo } from '../support/server-sent.ts'
import { specOf } from '../support/specs.ts'

/** A whole orchestrator with real processes, inspected. */

const ends: Array<() => unknown> = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})
const ending = <T extends Fleet>(fleet: T): T => {
  ends.push(() => fleet.end())
  return fleet
}
type Item = Output<'inspection.watch'>

function watch({ orchestrator }: Fleet, input: object = {}) {
  const items: Item[] = []
  const known: Rows = new Map()
  const sink = {
    room: () => undefined,
    item(item: unknown) {
      const told = item as Item
      items.push(told)
      if (told.type === 'actors') for (const [id, row] of rowsById(told.actors)) known.set(id, row)
      else if (told.type === 'records') for (const record of told.records) forwards(known, record)
    },
    end() {},
  }
  const opened = orchestrator.gateway.subscribe({ name: 'me', via: 'test', role: 'viewer' }, 'inspection.watch', input, sink)
  if ('error' in opened) throw new Error(opened.error.message)
  ends.push(() => opened.cancel())
  return {
    items,
    known,
    at: (address: string) => [...known.values()].find((row) => row.address === address),
    records: () => items.flatMap((item) => (item.type === 'records' ? item.records : [])),
  }
}
const edgesOf = (node: ChartNode): ChartNode['edges'] => [...node.edges, ...node.states.flatMap(edgesOf)]

test('a crash, the pause after it and the new process are steps along the edges of charts', async () => {
  const fleet = ending(
    await startFleet([
      specOf({
        name: 'web',
        command: '/bin/sh',
        args: ['-c', 'sleep 0.2; exit 3', 'web', '--token', 'planted-1', 'DB_PASSWORD=planted-2'],
        env: { SECRET: 'planted-3' },
        restart: { delay: 50, maxDelay: 50, maxRestarts: null },
      }),
    ]),
  )
  const { at, known, records, items } = watch(fleet)
  await fleet.fact('web', 'service.spawned', 3)
  const service = await eventually(() => {
    const found = at('service.web')
    expect(found).toBeDefined()
    return found as { id: string; chart: string }
  })
  const steps = (): Array<Extract<InspectionRecord, { type: 'step' }>> =>
    records().filter((one) => one.type === 'step' && one.actor === service.id) as never
  await eventually(() => expect(steps().some(({ is }) => is.state === 'backingOff')).toBe(true))
  const chart: Chart = await fleet.call('inspection.chart', { hash: service.chart })
  const edges = new Map(edgesOf(chart.root).map((edge) => [edge.id, edge]))
  for (const step of steps()) for (const id of step.edges) expect([...edges.keys()]).toContain(id)

  const crash = await eventually(() => {
    const found = steps().find(({ is }) => is.state === 'backingOff')
    expect(found).toBeDefined()
    return found as Extract<InspectionRecord, { type: 'step' }>
  })
  expect(crash).toMatchObject({
    event: 'xstate.done.actor.process',
    was: { state: expect.stringMatching(/^live\.running/) as string },
  })
  expect(crash.edges.map((id) => edges.get(id)?.label)).toEqual(['process ended', 'always'])
  expect(crash.is.reason).toMatch(/^exited with code 3/)
  expect(crash.changes).toMatchObject({ pid: [expect.any(Number) as number, null] })

  // Its process ended before that, by an event of the part that watches the real one.
  const all = records()
  const at1 = all.findIndex(({ seq }) => seq === crash.seq)
  const ended = all.slice(0, at1).findLast((one) => one.type === 'ended' && one.actor.address === 'process.web')
  expect(ended).toMatchObject({ actor: { state: 'reaped', end: 'done' } })
  const exited = all.slice(0, at1).findLast((one) => one.type === 'event' && one.event === 'child.exited')
  expect(exited).toMatchObject({ payload: { exit: { kind: 'exited', code: 3 } } })

  const again = await eventually(() => {
    const found = steps().find(({ seq, event }) => seq > crash.seq && event.startsWith('xstate.after.backoff'))
    expect(found).toBeDefined()
    return found as Extract<InspectionRecord, { type: 'step' }>
  })
  expect(edges.get(again.edges[0] ?? '')?.label).toBe('after backoff')
  expect(again).toMatchObject({ was: { state: 'backingOff' }, changes: { restartCount: expect.any(Array) as unknown[] } })

  // The parts of an actor have names, and no chart where they are no machines.
  const parts = [...known.values()].filter(({ name }) => name !== undefined)
  expect(parts.find(({ name }) => name === 'b0')).toMatchObject({ chart: expect.any(String) as string, state: 'open' })

  const { contexts, seq, left_out: left } = await fleet.call('inspection.context', {})
  expect(contexts.find(({ id }) => id === service.id)).toMatchObject({ context: { spec: { name: 'web', env: '‹left out›' } } })
  expect(seq).toBeGreaterThanOrEqual(records().at(-1)?.seq ?? 0)
  expect(left).toBeGreaterThanOrEqual(0)
  expect(await fleet.call('inspection.context', { actors: [service.id, 'x:none'] })).toMatchObject({
    contexts: [{ id: service.id }],
    left_out: 1,
  })
  await expect(fleet.call('inspection.chart', { hash: 'none' })).rejects.toMatchObject({ code: 'not_found' })
  expect(JSON.stringify([items, contexts])).not.toContain('planted')
})

test('what the inspector knows is what the directory knows', async () => {
  const fleet = ending(await startFleet([specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })]))
  const { known } = watch(fleet)
  await fleet.until('web', 'healthy')
  await fleet.call('service.restart', { services: ['web'] })
  await eventually(() => {
    const shown = [...known.values()]
      .filter(({ address }) => address !== undefined)
      .map(({ address, phase, state, reason }) => ({ address, phase, state, reason: reason ?? null }))
      .sort((a, b) => (`${a.address}` < `${b.address}` ? -1 : 1))
    const directory = Array.from(fleet.orchestrator.view.actors(), ({ address, phase, state, reason }) => ({
      address,
      phase,
      state,
      reason,
    }))
    expect(shown).toEqual(directory.sort((a, b) => (a.address < b.address ? -1 : 1)))
  })
})

test('over HTTP it goes on where it was, and to be told of things is nothing that is told', async () => {
  const fleet = ending(await httpFleet())
  const url = `${fleet.origin}/api/v1/inspection/watch`
  const one = await listenTo(url)
  ends.push(() => one.close())
  const { id } = await one.find(({ data }) => (data as Item).type === 'actors')
  expect(id).toMatch(/^[0-9a-f]{6}:\d+:0$/)
  const other = await listenTo(url)
  ends.push(() => other.close())
  await other.find(({ data }) => (data as Item).type === 'actors')
  // Whoever comes is told of; but that he was told is not, or it would never end.
  const last = (): number =>
    one.heard
      .flatMap(({ data }) => ((data as Item).type === 'records' ? (data as { records: InspectionRecord[] }).records : []))
      .at(-1)?.seq ?? 0
  const { seq } = await fleet.call('inspection.context', { actors: [] })
  await eventually(() => expect(last()).toBe(seq))
  for (let round = 0; round < 5; round++) await fleet.call('inspection.context', {})
  expect(await fleet.call('inspection.context', { actors: [] })).toMatchObject({ seq })

  const again = await listenTo(url, { 'last-event-id': id ?? '' })
  ends.push(() => again.close())
  const begin = await again.find(({ data }) => (data as Item).type === 'begin')
  expect(begin.data).toMatchObject({ resumed: true, actors: 0 })
  expect((await listenTo(url, { 'last-event-id': 'nonsense' })).response.status).toBe(400)
})

test('the client goes on over lost connections, with nothing lost and nothing twice', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hyphae-inspect-'))
  const listeners = [{ name: 'control', endpoint: `unix:${join(stateDir, 'c.sock')}`, dialect: 'jsonrpc' }]
  const fleet = ending(
    await startFleet([specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })], { stateDir, listeners }),
  )
  const cutter = await cutterTo(join(stateDir, 'c.sock'))
  ends.push(() => cutter[Symbol.asyncDispose]())
  const client = await connect({ socket: cutter.path })
  const known: Rows = new Map()
  const begins: number[] = []
  const seqs: number[] = []
  const read = async (): Promise<void> => {
    for await (const item of client.inspect()) {
      if (item.type === 'begin') begins.push(item.seq)
      else if (item.type === 'actors') for (const row of item.actors) known.set(row.id, row)
      else {
        for (const record of item.records) {
          seqs.push(record.seq)
          forwards(known, record)
        }
      }
    }
  }
  const reading = read()
  const web = () => [...known.values()].find(({ address }) => address === 'process.web')
  await eventually(() => expect(web()?.state).toBe('up.healthy'))
  for (let round = 0; round < 3; round++) {
    const before = web()?.id
    cutter.cut()
    await fleet.call('service.restart', { services: ['web'] })
    await eventually(() => {
      expect(web()?.id).not.toBe(before)
      expect(web()?.state).toBe('up.healthy')
    })
  }
  expect(begins).toHaveLength(1)
  expect(seqs).toEqual(seqs.map((_, index) => (begins[0] ?? 0) + 1 + index))
  client.close()
  await reading
})
