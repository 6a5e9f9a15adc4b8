import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import type { HookEvent, HookPayload, HookSpec, HookTarget } from '../../src/protocol/hook.ts'
import type { FactType } from '../../src/protocol/facts.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { hookServer } from '../support/hook-server.ts'
import { groupOf, specOf } from '../support/specs.ts'

/** What somebody outside is told when something happens: real programs, real webhooks. */

let fleet: Fleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})

const hook = (target: HookTarget, more: Partial<HookSpec> = {}): HookSpec => ({
  name: 'pager',
  events: ['ready'],
  services: null,
  groups: null,
  target,
  timeout: 5_000,
  retries: 3,
  delay: 10,
  ...more,
})
const webhook = (url: string, more: Partial<Extract<HookTarget, { type: 'webhook' }>> = {}): HookTarget => ({
  type: 'webhook',
  url,
  headers: {},
  secret: null,
  ...more,
})
/** Says where its standard input and its variables are to be written to. */
const writer = (file: string): HookTarget => ({
  type: 'exec',
  argv: ['/bin/sh', '-c', `{ cat; echo; env | grep ^HYPHAE_ | sort; } > ${file}.new && mv ${file}.new ${file}`],
})
const sleeper = specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })
const crasher = (name = 'web') =>
  specOf({ name, command: '/bin/sh', args: ['-c', 'exit 3'], restart: { policy: 'on_failure', maxRestarts: 0 } })

const facts = (type: FactType) => (fleet?.facts ?? []).filter((fact) => fact.type === type)
const ended = (type: FactType, count = 1) =>
  eventually(() => {
    expect(facts(type).length).toBeGreaterThanOrEqual(count)
    return facts(type)
  }, 20_000)

test('a program reads what happened as JSON and in its environment, without a shell', async () => {
  fleet = await startFleet([crasher()], { hooks: [] })
  const file = join(fleet.stateDir, 'heard')
  await fleet.end()
  fleet = await startFleet([crasher()], {
    stateDir: join(file, '..'),
    hooks: [hook(writer(file), { events: ['gave_up'] })],
    environment: { PATH: process.env['PATH'] },
  })
  await ended('hook.delivered')
  const [line = '', ...variables] = readFileSync(file, 'utf8').trim().split('\n')
  const payload = JSON.parse(line) as HookPayload
  const [fact] = facts('service.gaveUp')
  expect(payload).toEqual({
    delivery: expect.any(String) as string,
    hook: 'pager',
    event: 'gave_up',
    service: 'web',
    reason: fact?.because,
    at: fact?.time,
    seq: fact?.seq,
    by: null,
    pid: expect.any(Number) as number,
    exit_code: 3,
    signal: null,
    restart_count: 0,
    state: 'failed',
    uptime: 0,
    hostname: hostname(),
    version: expect.any(String) as string,
  })
  expect(variables).toEqual(
    expect.arrayContaining([
      'HYPHAE_EVENT=gave_up',
      'HYPHAE_SERVICE=web',
      'HYPHAE_HOOK=pager',
      `HYPHAE_REASON=${fact?.because}`,
      `HYPHAE_AT=${fact?.time}`,
      `HYPHAE_DELIVERY=${payload.delivery}`,
      `HYPHAE_PID=${payload.pid}`,
    ]),
  )
})

test('a webhook is signed and says what it is about; its secret stands nowhere', async () => {
  await using server = await hookServer((_, response) => response.writeHead(204).end())
  const target = webhook(server.url, { secret: 'sesam', headers: { Authorization: 'Bearer abrakadabra' } })
  fleet = await startFleet([sleeper], { hooks: [hook(target)] })
  await ended('hook.delivered')
  const [post] = server.posts
  expect(post?.path).toBe('/alert?key=geheim')
  expect(post?.headers).toMatchObject({
    'content-type': 'application/json',
    authorization: 'Bearer abrakadabra',
    'x-hyphae-event': 'ready',
    'x-hyphae-delivery': post?.payload.delivery,
    'x-hyphae-signature-256': `sha256=${createHmac('sha256', 'sesam')
      .update(post?.text ?? '')
      .digest('hex')}`,
  })
  expect(post?.payload).toMatchObject({ event: 'ready', service: 'web', pid: fleet.status('web').pid, exit_code: null })
  const everything = JSON.stringify([
    fleet.facts,
    [...fleet.orchestrator.view.actors()],
    fleet.orchestrator.view.actor(facts('hook.delivered')[0]?.about ?? ''),
    await fleet.call('system.status', {}),
    await fleet.call('system.metrics', {}),
  ])
  expect(everything).not.toMatch(/sesam|abrakadabra|geheim/)
})

test('what fails is tried again, with the same name, until it is taken', async () => {
  await using server = await hookServer((nth, response) => response.writeHead(nth < 3 ? 503 : 200).end('x'.repeat(100)))
  fleet = await startFleet([sleeper], { hooks: [hook(webhook(server.url))] })
  const [fact] = await ended('hook.delivered')
  expect(fact?.data).toMatchObject({ hook: 'pager', event: 'ready', service: 'web', tries: 3 })
  expect(new Set(server.posts.map(({ payload }) => payload.delivery)).size).toBe(1)
  expect(fleet.orchestrator.view.actor(fact?.about ?? '')).toMatchObject({
    kind: 'hook',
    state: 'delivered',
    live: false,
    result: { outcome: 'delivered', tries: 3 },
  })
})

test.each<[string, (origin: string) => Parameters<typeof hookServer>[0], number, string]>([
  ['always 500', () => (_, response) => response.writeHead(500).end(), 3, 'answered 500'],
  ['not there', () => (_, response) => response.writeHead(404).end(), 1, 'answered 404'],
  [
    'a redirect',
    (origin) => (_, response) => response.writeHead(307, { location: origin }).end(),
    1,
    'answered 307, and redirects are not followed',
  ],
  ['a reset', () => (_, response) => response.socket?.destroy(), 3, 'socket hang up'],
  ['never an answer', () => () => {}, 3, 'no answer within 100 ms'],
])('a webhook that says %s fails after its tries, with the reason and not the whole URL', async (_, answer, tries, why) => {
  await using elsewhere = await hookServer((__, response) => response.writeHead(200).end())
  await using server = await hookServer(answer(elsewhere.url))
  fleet = await startFleet([sleeper], { hooks: [hook(webhook(server.url), { retries: 2, timeout: 100 })] })
  const [fact] = await ended('hook.failed')
  expect(fact?.data['tries']).toBe(tries)
  expect(fact?.because).toContain(why)
  expect(fact?.because).not.toContain('geheim')
  expect(server.posts).toHaveLength(tries)
  expect(elsewhere.posts).toEqual([])
})

test('an answer without an end is read to a bound', async () => {
  await using server = await hookServer((_, response) => {
    response.writeHead(200)
    const pour = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', pour)
    pour()
  })
  fleet = await startFleet([sleeper], { hooks: [hook(webhook(server.url))] })
  const [fact] = await ended('hook.delivered')
  expect(fact?.data['tries']).toBe(1)
})

test.each<[string, readonly string[], number, string]>([
  ['fails', ['/bin/sh', '-c', 'echo broken pager >&2; exit 7'], 20_000, 'exited with code 7: broken pager'],
  ['is missing', ['/no/such/program'], 20_000, 'No such file or directory'],
  ['hangs', ['/bin/sleep', '1000'], 300, 'Command timed out'],
  ['floods', ['/bin/sh', '-c', 'yes broken | head -c 10000000; exit 1'], 20_000, 'exited with code 1'],
])('a program that %s is tried again and then given up', async (_, argv, timeout, why) => {
  fleet = await startFleet([sleeper], { hooks: [hook({ type: 'exec', argv }, { retries: 1, timeout })] })
  const [fact] = await ended('hook.failed')
  expect(fact?.because).toContain(why)
  expect(fact?.data['tries']).toBe(2)
})

test('a group of services has its hook, others are not told', async () => {
  await using server = await hookServer((_, response) => response.writeHead(200).end())
  const names = ['a', 'b', 'c']
  fleet = await startFleet(
    names.map((name) => specOf({ name, command: '/bin/sleep', args: ['1000'] })),
    {
      groups: [groupOf({ name: 'pair', services: ['a', 'b'] })],
      hooks: [hook(webhook(server.url), { events: ['ready', 'stopped'], services: ['a', 'b'], groups: ['pair'] })],
    },
  )
  for (const name of names) await fleet.until(name, 'healthy')
  await fleet.call('service.stop', { services: ['c', 'a'] })
  await ended('hook.delivered', 3)
  expect(server.posts.map(({ payload: { service, event } }) => `${service} ${event}`)).toEqual([
    'a ready',
    'b ready',
    'a stopped',
  ])
})

test('a crash, its restart and its return are told in this order', async () => {
  await using server = await hookServer((_, response) => response.writeHead(200).end())
  const events: HookEvent[] = ['crashed', 'restarted', 'ready', 'stopped']
  fleet = await startFleet([specOf({ name: 'web', command: '/bin/sleep', args: ['1000'], restart: { delay: 10 } })], {
    hooks: [hook(webhook(server.url), { events })],
  })
  await fleet.until('web', 'healthy')
  const { pid } = fleet.status('web')
  process.kill(pid ?? 0, 'SIGKILL')
  await eventually(() => expect(server.posts).toHaveLength(4), 20_000)
  expect(server.posts.map(({ payload }) => payload.event)).toEqual(['ready', 'crashed', 'restarted', 'ready'])
  expect(server.posts[1]?.payload).toMatchObject({ pid, signal: 'SIGKILL', exit_code: null })
  expect(server.posts[2]?.payload).toMatchObject({ pid: fleet.status('web').pid, restart_count: 1, signal: null })
})

test('a reload brings another hook, and what it changes needs no start', async () => {
  await using server = await hookServer((_, response) => response.writeHead(200).end())
  await using next = await hookServer((_, response) => response.writeHead(200).end())
  const read = (url: string) => ({ path: null, services: [sleeper], hooks: [hook(webhook(url))], settings: {} })
  fleet = await startFleet([sleeper], { ...read(server.url), loadConfig: async () => read(next.url) })
  await eventually(() => expect(server.posts).toHaveLength(1))
  expect((await fleet.call('system.reload', {})).warnings).toEqual([])
  await fleet.call('service.restart', { services: ['web'] })
  await eventually(() => expect(next.posts).toHaveLength(1))
  expect(server.posts).toHaveLength(1)
})

test('what happens at the end is still told, but the end does not wait for ever', async () => {
  const one = await startFleet([sleeper], { hooks: [] })
  const file = join(one.stateDir, 'heard')
  await one.end()
  const hooks = [
    hook(writer(file), { name: 'quick', events: ['stopped'] }),
    hook({ type: 'exec', argv: ['/bin/sleep', '1000'] }, { name: 'slow', events: ['stopped'], timeout: 60_000 }),
  ]
  const last = await startFleet([sleeper], { stateDir: one.stateDir, hooks })
  await last.until('web', 'healthy')
  await last.orchestrator.shutdown('the test')
  await last.orchestrator.close()
  expect(existsSync(file)).toBe(true)
  expect(last.facts.filter(({ type }) => type === 'hook.delivered')).toHaveLength(1)
})
