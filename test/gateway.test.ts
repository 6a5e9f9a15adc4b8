import { afterEach, describe, expect, test } from 'vitest'
import type { Sink } from '../src/protocol/calls.ts'
import type { Principal, Role } from '../src/protocol/principal.ts'
import type { WatchItem } from '../src/protocol/status.ts'
import { commands } from '../src/commands/registry.ts'
import { eventually } from './support/eventually.ts'
import { startFleet, type Fleet } from './support/fleet.ts'
import { specOf } from './support/specs.ts'

let fleet: Fleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const sleeper = specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })
const as = (role: Role): Principal => ({ name: role, via: 'test', role })
const start = async (...services: Parameters<typeof startFleet>[0]): Promise<Fleet> => {
  fleet = await startFleet(services.length === 0 ? [sleeper] : services)
  await fleet.until('web', 'healthy')
  return fleet
}

test('each entry of the registry stands under its own name', () => {
  expect(Object.entries(commands).filter(([name, command]) => name !== command.name)).toEqual([])
})

describe('who may', () => {
  test.each([
    ['viewer', 'system.status', {}, true],
    ['viewer', 'service.restart', { services: ['web'] }, false],
    ['viewer', 'actor.send', { to: 'service.web', event: { type: 'STOP' } }, false],
    ['operator', 'service.restart', { services: ['web'] }, true],
    ['operator', 'system.shutdown', {}, false],
  ] as const)('%s and %s: %s', async (role, command, input, allowed) => {
    const { orchestrator } = await start()
    const reply = await orchestrator.gateway.invoke(as(role), command, input)
    const refused = { code: 'forbidden', message: `${command} needs the permission` }
    expect(reply.ok ? {} : { code: reply.error.code, message: reply.error.message.slice(0, refused.message.length) }).toEqual(
      allowed ? {} : refused,
    )
  })
})

describe('bad input names the field and what was expected', () => {
  test.each([
    ['no.such', {}, 'unknown_command', /there is no command "no.such"/],
    ['service.restrat', {}, 'unknown_command', /did you mean "service.restart"\?/],
    ['__proto__', {}, 'unknown_command', /there is no command/],
    ['constructor', {}, 'unknown_command', /there is no command/],
    ['service.start', {}, 'invalid_params', /^services: /],
    ['service.start', { services: [] }, 'invalid_params', /^services: /],
    ['service.start', { services: ['web', 7] }, 'invalid_params', /^services\.1: /],
    ['service.start', { services: ['web'], extra: 1 }, 'invalid_params', /extra/],
    ['service.start', { services: ['wbe'] }, 'not_found', /there is no service "wbe"; did you mean "web"\?/],
    ['service.start', { services: ['__proto__'] }, 'not_found', /there is no service/],
    ['service.explain', { service: 'constructor' }, 'not_found', /there is no service/],
    ['actor.get', { address: 'service.wbe' }, 'not_found', /did you mean "service.web"\?/],
    ['logs.read', { lines: -1 }, 'invalid_params', /^lines: /],
    ['actor.watch', {}, 'invalid_request', /is a stream/],
    ['system.status', null, 'invalid_params', /^params: /],
  ] as const)('%s %j: %s', async (command, input, code, message) => {
    const { orchestrator } = await start()
    const reply = await orchestrator.gateway.invoke(as('admin'), command, input)
    expect(reply).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(message) as string } })
  })
})

describe('actor.send admits only what the public schema lists', () => {
  test.each([
    ['service.web', { type: 'xstate.done.actor.process' }],
    ['service.web', { type: 'xstate.stop' }],
    ['service.web', { type: '*' }],
    ['service.web', { type: 'RESERVE', op: { id: 'x', by: 'x' } }],
    ['service.web', { type: 'REMOVE' }],
    ['service.web', { type: 'HOLD' }],
    ['service.web', { type: 'process.spawned', pid: 1 }],
    ['process.web', { type: 'child.exited' }],
    ['process.web', { type: 'STOP' }],
    ['supervisor.services', { type: 'pool.spawn' }],
    ['supervisor.root', { type: 'xstate.error.actor.services' }],
  ])('%s %j is refused', async (to, event) => {
    const { orchestrator, status } = await start()
    const reply = await orchestrator.gateway.invoke(as('admin'), 'actor.send', { to, event })
    expect(reply).toMatchObject({ ok: false, error: { code: 'not_accepted' } })
    expect(status('web').state).toBe('healthy')
  })

  test('an event with more in it than its schema says is refused, and the field is named', async () => {
    const { orchestrator } = await start()
    const reply = await orchestrator.gateway.invoke(as('admin'), 'actor.send', {
      to: 'service.web',
      event: { type: 'RESTART', spec: {} },
    })
    expect(reply).toMatchObject({
      ok: false,
      error: { code: 'invalid_params', message: expect.stringContaining('spec') as string },
    })
  })

  test('an event that the present state does not take says what it takes', async () => {
    const { orchestrator } = await start()
    const reply = await orchestrator.gateway.invoke(as('admin'), 'actor.send', { to: 'service.web', event: { type: 'START' } })
    expect(reply).toMatchObject({
      ok: false,
      error: {
        code: 'not_accepted',
        message: 'service.web is live.running.healthy and does not take START now; it takes STOP, RESTART',
      },
    })
  })

  test('who asked stands in the record, whatever the event claims', async () => {
    const { orchestrator, fact } = await start()
    await orchestrator.gateway.invoke(as('operator'), 'actor.send', { to: 'service.web', event: { type: 'STOP' } })
    expect((await fact('web', 'service.stopping')).because).toBe('stopped by operator')
  })
})

describe('answers', () => {
  test('match the schemas of their commands', async () => {
    const { call } = await start()
    expect(commands['system.status'].output.safeParse(await call('system.status', {})).success).toBe(true)
    commands['actor.list'].output.parse(await call('actor.list', {}))
    commands['actor.get'].output.parse(await call('actor.get', { address: 'service.web' }))
    commands['service.explain'].output.parse(await call('service.explain', { service: 'web' }))
    commands['logs.read'].output.parse(await call('logs.read', {}))
    commands['service.restart'].output.parse(await call('service.restart', { services: ['web'] }))
    commands['service.stop'].output.parse(await call('service.stop', { services: ['web'] }))
    commands['service.start'].output.parse(await call('service.start', { services: ['web'] }))
  })

  test('without waiting a mutation answers that it is accepted, with the address of its workflow', async () => {
    const { call, orchestrator } = await start()
    const { results } = await call('service.restart', { services: ['web'], wait: false })
    expect(results).toMatchObject([
      { service: 'web', outcome: 'accepted', workflow: expect.stringMatching(/^restart\./) as string },
    ])
    const address = results[0]?.workflow ?? ''
    await eventually(() => expect(orchestrator.view.actor(address)).toMatchObject({ live: false, result: { outcome: 'done' } }))
  })

  test('a fleet that stops takes nothing new', async () => {
    const { orchestrator } = await start(
      specOf({
        name: 'web',
        command: '/bin/sh',
        args: ['-c', 'trap "sleep 0.3; exit 0" TERM; echo; while :; do sleep 0.05; done'],
      }),
    )
    const down = orchestrator.shutdown('me')
    expect(await orchestrator.gateway.invoke(as('admin'), 'service.start', { services: ['web'] })).toMatchObject({
      ok: false,
      error: { code: 'shutting_down' },
    })
    await down
  })
})

describe('actor.watch', () => {
  function listen(one: Fleet, input: unknown, room: () => Promise<void> | undefined = () => undefined) {
    const items: WatchItem[] = []
    const ends: string[] = []
    const sink: Sink = { room, item: (item) => items.push(item as WatchItem), end: (because) => ends.push(because) }
    const subscription = one.orchestrator.gateway.subscribe(as('viewer'), 'actor.watch', input, sink)
    if ('error' in subscription) throw new Error(subscription.error.message)
    return { items, ends, ...subscription }
  }

  test('tells every actor that there is, then each change, filtered by address', async () => {
    const one = await start()
    const { items, cancel } = listen(one, { filter: 'service.' })
    await eventually(() =>
      expect(items).toMatchObject([
        { type: 'begin', seq: 0, resumed: false },
        { type: 'snapshot', actor: { address: 'service.web' } },
      ]),
    )
    await one.call('service.stop', { services: ['web'] })
    await eventually(() => expect(items.at(-1)).toMatchObject({ type: 'changed', actor: { state: 'stopped' } }))
    cancel()
    const told = items.length
    await one.call('service.start', { services: ['web'] })
    expect(items).toHaveLength(told)
  })

  test('with facts it also tells why', async () => {
    const one = await start()
    const { items, cancel } = listen(one, { filter: 'service.web', facts: true })
    await one.call('service.restart', { services: ['web'] })
    await eventually(() =>
      expect(items.flatMap((item) => (item.type === 'fact' ? [item.fact.type] : []))).toContain('service.ready'),
    )
    cancel()
  })

  test('of many changes a slow reader hears the newest, and holds nothing up', async () => {
    const one = await start()
    let open = (): void => {}
    let shut = true
    const { items, cancel } = listen(one, { filter: 'service.web' }, () =>
      shut ? new Promise((resolve) => (open = resolve)) : undefined,
    )
    for (let n = 0; n < 5; n++) await one.call('service.restart', { services: ['web'] })
    shut = false
    open()
    await eventually(() => expect(items.length).toBeGreaterThan(0))
    expect(items.length).toBeLessThan(5)
    expect(items.at(-1)).toMatchObject({ actor: { state: 'live.running.healthy' } })
    cancel()
  })
})
