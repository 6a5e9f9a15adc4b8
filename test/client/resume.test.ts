import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect, type Client, type Items } from '../../src/client/index.ts'
import { cutterTo } from '../support/cutter.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { jsonRpcServer } from '../support/json-rpc-server.ts'
import { specOf } from '../support/specs.ts'
import { logPathOf } from '../../src/state-dir.ts'

/** Streams that go on over lost connections, with a real orchestrator behind a wire that is cut again and again. */

let fleet: Fleet
let cutter: Awaited<ReturnType<typeof cutterTo>>
let client: Client
const web = specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })
const quiet = specOf({ name: 'quiet', command: '/bin/sleep', args: ['1000'] })

const listeningAt = (stateDir: string) => ({
  stateDir,
  listeners: [{ name: 'control', endpoint: `unix:${join(stateDir, 'c.sock')}`, dialect: 'jsonrpc' }],
})
beforeEach(async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hyphae-resume-'))
  fleet = await startFleet([web, quiet], listeningAt(stateDir))
  await fleet.until('web', 'healthy')
  cutter = await cutterTo(join(stateDir, 'c.sock'))
  client = await connect({ socket: cutter.path })
})
afterEach(async () => {
  client.close()
  await cutter[Symbol.asyncDispose]()
  await fleet.end()
})

/** Reads on and on into a list. */
function reading<T>(items: Items<T>): { readonly seen: T[]; readonly ended: Promise<unknown> } {
  const seen: T[] = []
  const read = async (): Promise<void> => {
    for await (const item of items) seen.push(item)
  }
  return { seen, ended: read().catch((error: unknown) => error) }
}

const newestOf = ({ facts }: Fleet) => facts.findLast(({ about }) => about === 'service.web')?.seq

/** Waits, where that is wanted, until the newest fact was told. */
async function caughtUp(wanted: boolean, told: () => number | undefined): Promise<void> {
  if (wanted) await eventually(() => void (told() === newestOf(fleet) || fail()))
}
const fail = (): never => {
  throw new Error('the newest fact was not told yet')
}

test('a watch tells each state in order and each fact once, however often it is cut', async () => {
  const items = client.watch({ filter: 'service.web', facts: true })
  const { seen } = reading(items)
  await eventually(() => expect(seen).toMatchObject([{ type: 'begin', resumed: false }, { type: 'snapshot' }]))
  const before = fleet.facts.length
  for (let n = 0; n < 6; n++) {
    const done = fleet.call('service.restart', { services: ['web'] })
    cutter.cut()
    await done
    // Now and then it has caught up before it is cut again.
    const told = () => seen.findLast((item) => item.type === 'fact')?.fact.seq
    await caughtUp(n % 2 === 0, told)
  }
  const meant = fleet.facts.slice(before).flatMap(({ about, seq }) => (about === 'service.web' ? [seq] : []))
  await eventually(() => expect(seen.flatMap((item) => (item.type === 'fact' ? [item.fact.seq] : []))).toEqual(meant))
  const seqs = seen.flatMap((item) => (item.type === 'changed' ? [item.seq] : []))
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
  await eventually(() =>
    expect(seen.findLast(({ type }) => type === 'changed')).toMatchObject({ actor: { state: 'live.running.healthy' } }),
  )
  expect(seen.filter(({ type }) => type === 'begin')).toHaveLength(1)
  await items.return()
})

test('an orchestrator that began anew is told from the beginning', async () => {
  const { seen } = reading(client.watch({ filter: 'service.' }))
  await eventually(() => expect(seen).toHaveLength(3))
  await fleet.leave()
  fleet = await startFleet([web, quiet], listeningAt(fleet.stateDir))
  await eventually(() => expect(seen.filter(({ type }) => type === 'begin')).toHaveLength(2))
  expect(seen.filter((item) => item.type === 'begin' && item.resumed)).toEqual([])
})

test('log lines come once each, also of a service that was silent until the wire was cut', async () => {
  const logOf = (name: string) => logPathOf(fleet.stateDir, name)
  writeFileSync(logOf('web'), 'zero\none\n')
  const { seen } = reading(client.logs({ lines: 1 }))
  await eventually(() => expect(seen).toMatchObject([{ service: 'web', line: 'one' }]))
  for (let n = 0; n < 200; n++) {
    appendFileSync(logOf('web'), `${n}\n`)
    if (n % 40 === 20) {
      cutter.cut()
      await sleep(1)
    }
  }
  cutter.refuse(true)
  for (let n = 0; n < 30; n++) appendFileSync(logOf('quiet'), `q${n}\n`)
  cutter.refuse(false)
  const linesOf = (name: string) => seen.flatMap(({ service, line }) => (service === name ? [line] : []))
  await eventually(() => expect(linesOf('web')).toEqual(['one', ...Array.from({ length: 200 }, (_, n) => String(n))]))
  await eventually(() => expect(linesOf('quiet')).toEqual(Array.from({ length: 30 }, (_, n) => `q${n}`)))
})

test('with no lines at first, what comes while the wire is cut is told all the same', async () => {
  const log = logPathOf(fleet.stateDir, 'web')
  writeFileSync(log, 'old\n')
  const { seen } = reading(client.service('web').logs({ lines: 0 }))
  await eventually(() => expect(fleet.orchestrator.view.actors()).toBeDefined())
  await eventually(() => {
    appendFileSync(log, 'sign\n')
    expect(seen.length).toBeGreaterThan(0)
  })
  cutter.refuse(true)
  appendFileSync(log, 'hidden\n')
  cutter.refuse(false)
  await eventually(() => expect(seen.at(-1)?.line).toBe('hidden'))
  expect(seen.filter(({ line }) => line === 'old' || line === 'hidden')).toHaveLength(1)
})

test('events: those that are kept, then each one once', async () => {
  const { seen } = reading(client.events({ services: ['web'], limit: 2 }))
  await eventually(() => expect(seen).toHaveLength(2))
  for (let n = 0; n < 5; n++) {
    cutter.cut()
    await fleet.call('service.restart', { services: ['web'] })
    // Now and then it has caught up before it is cut again.
    await caughtUp(n % 2 === 0, () => seen.at(-1)?.seq)
  }
  const all = fleet.facts.filter(({ about }) => about === 'service.web').map(({ seq }) => seq)
  const first = seen[0]?.seq ?? 0
  await eventually(() => expect(seen.map(({ seq }) => seq)).toEqual(all.filter((seq) => seq >= first)))
})

test('without reconnect a lost wire is an error', async () => {
  const { seen, ended } = reading(client.watch({ filter: 'service.', reconnect: false }))
  await eventually(() => expect(seen).toHaveLength(3))
  cutter.cut()
  expect(await ended).toMatchObject({ code: 'unavailable' })
})

test('a signal ends it with its reason, also while it tries to connect', async () => {
  const controller = new AbortController()
  const { seen, ended } = reading(client.watch({ filter: 'service.', signal: controller.signal }))
  await eventually(() => expect(seen).toHaveLength(3))
  cutter.refuse(true)
  controller.abort(new Error('enough'))
  expect(await ended).toMatchObject({ message: 'enough' })
  const raw = reading(client.stream('actor.watch', {}, { signal: AbortSignal.abort(new Error('before')) }))
  expect(await raw.ended).toMatchObject({ message: 'before' })
  const late = reading(client.watch({ signal: AbortSignal.abort(new Error('before')) }))
  expect(await late.ended).toMatchObject({ message: 'before' })
})

test('close ends it while it tries to connect', async () => {
  const { seen, ended } = reading(client.watch({ filter: 'service.' }))
  await eventually(() => expect(seen).toHaveLength(3))
  cutter.refuse(true)
  client.close()
  expect(await ended).toBeUndefined()
})

test('what is refused is not tried again', async () => {
  let asked = 0
  await using server = await jsonRpcServer((request, peer) => {
    if (++asked === 1) {
      peer.answer(request, { subscription: '1' })
      peer.item('1', { type: 'begin', run: 'one', seq: 5, fact: 0, resumed: false })
      peer.socket.end()
    } else peer.refuse(request, { code: -32001, message: 'the token was changed', data: { code: 'unauthorized' } })
  })
  const other = await connect({ socket: server.path })
  const { seen, ended } = reading(other.watch())
  expect(await ended).toMatchObject({ code: 'unauthorized' })
  expect(seen).toHaveLength(1)
  expect(server.requests.map(({ params }) => params)).toEqual([{}, { after: { run: 'one', seq: 5 } }])
  other.close()
})
