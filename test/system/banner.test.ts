import { afterEach, expect, test } from 'vitest'
import type { Banner } from '../../src/protocol/banner.ts'
import type { Principal } from '../../src/protocol/principal.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

/** The banner of a real fleet, as somebody follows it. */

const admin: Principal = { name: 'test', via: 'test', role: 'admin' }
let fleet: Fleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})

const sleeper = (name: string) => specOf({ name, command: '/bin/sleep', args: ['1000'] })

/** Everything that somebody hears who follows it; `full`: he takes nothing for now. */
function follow(one: Fleet) {
  const heard: Banner[] = []
  let full: Promise<void> | undefined
  const opened = one.orchestrator.gateway.subscribe(
    admin,
    'system.banner_follow',
    {},
    {
      room: () => full,
      item: (item) => heard.push(item as Banner),
      end() {},
    },
  )
  if ('error' in opened) throw new Error(opened.error.message)
  return {
    heard,
    cancel: () => opened.cancel(),
    block(): () => void {
      let free = (): void => {}
      const promise = new Promise<void>((resolve) => (free = resolve))
      full = promise
      return () => {
        full = undefined
        free()
      }
    },
  }
}

test('a restart, and a service that fails, are seen as they happen', async () => {
  const broken = specOf({
    name: 'bad',
    command: '/bin/sh',
    args: ['-c', 'exit 3'],
    autostart: false,
    restart: { policy: 'never' },
  })
  fleet = await startFleet([sleeper('web'), broken])
  await fleet.until('web', 'healthy')
  const one = follow(fleet)
  expect(one.heard.map(({ text }) => text)).toEqual(['1 service running • 1 at rest'])
  expect(await fleet.call('system.banner', {})).toMatchObject({ type: 'info', text: '1 service running • 1 at rest' })

  await fleet.call('service.restart', { services: ['web'] })
  await eventually(() =>
    expect(one.heard.at(-1)).toMatchObject({ type: 'success', text: 'Restart Complete • web restarted successfully' }),
  )
  await eventually(() => expect(one.heard.at(-1)?.text).toBe('1 service running • 1 at rest'), 15_000)

  await fleet.call('service.start', { services: ['bad'], wait: false })
  await eventually(() => expect(one.heard.at(-1)).toMatchObject({ type: 'error', title: 'bad has failed', about: 'service.bad' }))
  await fleet.call('service.stop', { services: ['bad'] })
  await eventually(() => expect(one.heard.at(-1)?.text).toBe('1 service running • 1 at rest'))
  const news = one.heard.map((banner) => JSON.stringify({ ...banner, since: null }))
  expect(news.filter((text, index) => text === news[index - 1])).toEqual([])
  one.cancel()
  const count = one.heard.length
  await fleet.call('service.stop', { services: ['web'] })
  expect(one.heard).toHaveLength(count)
})

test('while a restart waits, its countdown runs; a slow reader gets the newest', async () => {
  const probe = { interval: 50, timeout: 1_000, delay: 0, failures: 3, passes: 1 }
  const never = { ...probe, target: { type: 'exec', command: '/bin/false', args: [] } } as const
  fleet = await startFleet([
    sleeper('web'),
    specOf({ name: 'slow', command: '/bin/sleep', args: ['1000'], readiness: never, startTimeout: 30_000 }),
  ])
  await fleet.until('web', 'healthy')
  const one = follow(fleet)
  const blocked = follow(fleet)
  const free = blocked.block()
  await fleet.call('service.restart', { services: ['slow'], wait: false })
  const counted = () => one.heard.flatMap(({ countdown_seconds: left }) => left ?? [])
  await eventually(() => expect(new Set(counted()).size).toBeGreaterThanOrEqual(3), 15_000)
  const seen = counted()
  expect(seen).toEqual(seen.toSorted((a, b) => b - a))
  expect(seen[0]).toBeLessThanOrEqual(30)
  expect(one.heard.at(-1)?.title).toMatch(/^Restarting slow \(\d+ s remaining\)$/)
  expect(blocked.heard).toHaveLength(1)
  free()
  await eventually(() => expect(blocked.heard).toHaveLength(2))
  expect(blocked.heard[1]?.title).toMatch(/^Restarting slow/)
})
