import process from 'node:process'
import { expect, test } from 'vitest'
import { createActor } from 'xstate'
import { createDirectory } from '../src/directory.ts'
import { createHooks } from '../src/hooks.ts'
import { hookMachine, type HookInput } from '../src/machines/hook.ts'
import type { Fact, Statement } from '../src/protocol/facts.ts'
import type { HookSpec } from '../src/protocol/hook.ts'
import { limits } from '../src/protocol/limits.ts'
import type { FleetView } from '../src/protocol/view.ts'
import { exposition } from '../src/watch/exposition.ts'
import { eventually } from './support/eventually.ts'
import { hookServer } from './support/hook-server.ts'

/** Hooks with real webhooks; only the fleet around them is a fake. */
function stage(hooks: readonly HookSpec[]) {
  const directory = createDirectory()
  const stated: Statement[] = []
  const warnings: object[] = []
  let ids = 0
  const state = (statement: Statement): void => {
    stated.push(statement)
    one.hear(directory.record(statement))
  }
  const one = createHooks({
    directory,
    specs: () => hooks,
    view: () => ({ service: () => undefined }) as unknown as FleetView,
    spawn(_, __, input) {
      const actors = { place: one.ports.place, delivery: one.ports.delivery }
      createActor(hookMachine.provide({ actors, actions: { state: (___, statement) => state(statement) } }), {
        input: input as HookInput,
      }).start()
    },
    state,
    newId: () => `a-${++ids}`,
    log: { info() {}, debug() {}, error() {}, warn: (fields) => warnings.push(fields) },
    environment: process.env,
    folder: '/',
    stateId: 'test',
  })
  const fault = (nth: number): void => state({ type: 'system.fault', about: 'supervisor.root', because: `${nth}` })
  const of = (type: Fact['type']) => stated.filter((statement) => statement.type === type)
  return { one, of, fault, warnings }
}
const hook = (url: string, more: Partial<HookSpec> = {}): HookSpec => ({
  name: 'pager',
  events: ['fault'],
  services: null,
  groups: null,
  target: { type: 'webhook', url, headers: {}, secret: null },
  timeout: 5_000,
  retries: 0,
  delay: 1,
  ...more,
})
const count = 1_000

test('of a burst the newest are told in order, the others dropped with one fact', async () => {
  await using server = await hookServer((_, response) => response.writeHead(200).end())
  const { one, of, fault, warnings } = stage([hook(server.url)])
  for (let nth = 1; nth <= count; nth++) fault(nth)
  await eventually(() => expect(of('hook.delivered')).toHaveLength(limits.hookQueue), 20_000)
  const told = server.posts.map(({ payload }) => Number(payload.reason))
  expect(told).toEqual(Array.from({ length: limits.hookQueue }, (_, place) => count - limits.hookQueue + 1 + place))
  expect(of('hook.dropped')).toHaveLength(1)
  await eventually(() => expect(warnings).toEqual([{ hook: 'pager', dropped: count - limits.hookQueue }]))
  const text = exposition(one.families())
  expect(text).toContain(`hyphae_hook_deliveries_total{hook="pager",outcome="dropped"} ${count - limits.hookQueue}\n`)
  expect(text).toContain(`hyphae_hook_deliveries_total{hook="pager",outcome="delivered"} ${limits.hookQueue}\n`)
  expect(text).not.toContain('hyphae_hook_pending')
})

test('one that never answers keeps a bounded number waiting, and no other hook', async () => {
  await using deaf = await hookServer(() => {})
  await using server = await hookServer((_, response) => response.writeHead(200).end())
  const slow = Array.from({ length: 10 }, (_, nth) => hook(deaf.url, { name: `slow-${nth}` }))
  const { one, of, fault } = stage([...slow, hook(server.url)])
  fault(0)
  await eventually(() => expect(of('hook.delivered')).toHaveLength(1))
  for (let nth = 1; nth <= count; nth++) fault(nth)
  await eventually(() => expect(server.posts.at(-1)?.payload.reason).toBe(`${count}`), 20_000)
  const pending = Array.from(
    exposition(one.families()).matchAll(/^hyphae_hook_pending\{hook="slow-\d+"\} (\d+)$/gm),
    ([, number]) => Number(number),
  )
  expect(pending).toHaveLength(10)
  expect(pending.reduce((sum, number) => sum + number, 0)).toBeLessThanOrEqual(limits.hookDeliveries + 10)
})

test('no hook is told of hooks', async () => {
  const { one, of, fault } = stage([hook('http://127.0.0.1:1/')])
  fault(1)
  await eventually(() => expect(of('hook.failed')).toHaveLength(1))
  expect(of('hook.failed')[0]?.because).toMatch(/^pager: fault: http:\/\/127\.0\.0\.1:1\/…: .*ECONNREFUSED/)
  await one.close()
  expect(of('hook.failed')).toHaveLength(1)
})
