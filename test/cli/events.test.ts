import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { commands } from '../../src/commands/registry.ts'
import { fact } from '../../src/protocol/facts.ts'
import { limits } from '../../src/protocol/limits.ts'
import { fleetFolder, launch, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { jsonRpcServer, type Request } from '../support/json-rpc-server.ts'

const parsed = <T extends z.ZodType>(schema: T, text: string): z.output<T> => schema.parse(JSON.parse(text))

describe('events of a fleet', () => {
  let fleet: FleetFolder
  beforeEach(async () => {
    fleet = fleetFolder(`
supervisor:
  services:
    web: { command: sleep, args: ["1000"] }
    db: { command: sleep, args: ["1000"] }
`)
    await fleet.up()
  })
  afterEach(() => fleet.end())

  test('tell who did what to whom, and why', async () => {
    await fleet.run(['restart', 'web', '--request-id', 'deploy-7'])
    const { code, out, err } = await fleet.run(['events'])
    expect(code).toBe(0)
    const steps = [
      /^\S+Z {2}hyphae {2}starting {2}pid \d+$/m,
      /^\S+Z {2}web {2}spawning {2}started by the fleet$/m,
      /^\S+Z {2}web {2}asked {2}service\.restart \(by local:\w+, request deploy-7\)$/m,
      /^\S+Z {2}web {2}stopping {2}restarted by local:\w+$/m,
      /^\S+Z {2}web {2}exited {2}was ended by SIGTERM$/m,
    ]
    const places = steps.map((step) => out.search(step))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(err).toMatch(/^the journal keeps .+ or .+ of events.*\n$/)

    const { out: some } = await fleet.run(['events', 'db', '-n', '1'])
    expect(some).toMatch(/^\S+Z {2}db {2}ready {2}started by the fleet\n$/)
    const unknown = await fleet.run(['events', 'wbe'])
    expect(unknown).toMatchObject({ code: 0, out: '' })
    expect(unknown.err).toMatch(/^no such events; /)
  })

  test('are still there after a crash and in the next run', async () => {
    const [first] = parsed(commands['events.read'].output, (await fleet.run(['events', '--json'])).out).events
    await fleet.run(['leave'])
    await fleet.up()
    const { events } = parsed(commands['events.read'].output, (await fleet.run(['events', '--json'])).out)
    expect(events[0]).toEqual(first)
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['system.left', 'service.adopted']))
  })

  test('-f goes on with each new one until Ctrl-C; with --json one line each', async () => {
    const following = launch(['events', 'web', '-f', '-n', '1'], { cwd: fleet.cwd })
    const asJson = launch(['events', 'web', '-f', '-n', '1', '--json'], { cwd: fleet.cwd })
    await eventually(() => expect(following.out).toMatch(/^\S+Z {2}web {2}ready {2}started by the fleet\n$/))
    await eventually(() => expect(asJson.out).toContain('service.ready'))
    await fleet.run(['stop', 'web'])
    await eventually(() => expect(following.out).toMatch(/web {2}stopped {2}stopped by local:\w+\n$/))
    await eventually(() => expect(asJson.out).toContain('service.stopped'))
    for (const { child, ended } of [following, asJson]) {
      child.kill('SIGINT')
      expect(await ended).toMatchObject({ code: 0, err: '' })
    }
    const events = asJson.out
      .trim()
      .split('\n')
      .map((line) => parsed(fact, line))
    expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b))
    expect(following.out.trim().split('\n')).toHaveLength(events.length)
  })
})

describe('events', () => {
  const kept = {
    facts: 7,
    bytes: 1000,
    oldest: '2026-01-01T10:00:00.000Z',
    max_age_ms: limits.factAge,
    max_bytes: limits.factBytes,
  }
  const ask = async (args: readonly string[], oldest: string | null = kept.oldest) => {
    await using server = await jsonRpcServer((request, peer) => peer.answer(request, { events: [], kept: { ...kept, oldest } }))
    const ran = await launch(['events', ...args], { cwd: tmpdir(), env: { HYPHAE_STATE: server.folder, TZ: 'UTC' } }).ended
    return { ...ran, request: server.requests[0] as Request }
  }

  test('the last line says what is kept', async () => {
    const { code, out, err } = await ask([])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toBe('no such events; the journal keeps 30 d or 32 MB of events; the oldest is of 2026-01-01 10:00:00\n')
    expect((await ask([], null)).err).toBe('no such events; the journal keeps 30 d or 32 MB of events\n')
    expect(await ask(['--json'])).toMatchObject({ out: `${JSON.stringify({ events: [], kept }, null, 2)}\n`, err: '' })
  })

  test.each([
    [[], {}],
    [['web', 'db'], { services: ['web', 'db'] }],
    [['-n', '5'], { limit: 5 }],
    [['--since', '2026-01-01T10:00Z'], { since: '2026-01-01T10:00:00.000Z', limit: limits.eventsRead }],
    [['--since', '2026-01-01T10:00Z', '-n', '5'], { since: '2026-01-01T10:00:00.000Z', limit: 5 }],
  ])('%j asks for %j', async (args, params) => {
    expect((await ask(args)).request).toMatchObject({ method: 'events.read', params })
  })

  test('how long ago is counted from now', async () => {
    const before = Date.now()
    const { params } = (await ask(['--since', '2h'])).request
    const since = Date.parse(String(params['since'])) + 2 * 60 * 60 * 1000
    expect(since).toBeGreaterThanOrEqual(before)
    expect(since).toBeLessThanOrEqual(Date.now())
  })

  test.each([
    [
      ['--since', 'yesterday'],
      "'--since <when>' argument 'yesterday' is invalid. expected how long ago (10m, 2h, 1d), or a date",
    ],
    [['-n', '10001'], 'expected a whole number from 0 to 10000'],
  ])('%j is bad usage', async (args, message) => {
    const { code, err } = await launch(['events', ...args], { cwd: tmpdir() }).ended
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})
