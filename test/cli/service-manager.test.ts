import { afterEach, beforeEach, expect, test } from 'vitest'
import { serviceManagerOf } from '../../src/cli/up/service-manager.ts'
import { standInSystemd } from '../support/stand-in-systemd.ts'

let systemd: ReturnType<typeof standInSystemd>
let failures: string[]
beforeEach(() => {
  systemd = standInSystemd()
  failures = []
})
afterEach(() => systemd.end())

const failed = (because: string): void => void failures.push(because)

test('without a socket there is nobody to tell', () => {
  expect(serviceManagerOf({ env: {}, failed })).toBeNull()
  expect(serviceManagerOf({ env: { NOTIFY_SOCKET: '' }, failed })).toBeNull()
})

test('what comes while one message is under way is one message, of each name the last', async () => {
  const manager = serviceManagerOf({ env: systemd.env, failed })
  manager?.tell({ READY: '1', STATUS: 'a' })
  manager?.tell({ RELOADING: '1', STATUS: 'b' })
  manager?.tell({ WATCHDOG: '1' })
  manager?.tell({ READY: '1', STATUS: 'c\nd' })
  await manager?.settled()
  expect(systemd.messages()).toEqual([
    ['READY=1', 'STATUS=a'],
    ['RELOADING=1', 'WATCHDOG=1', 'READY=1', 'STATUS=c d'],
  ])
  expect(failures).toEqual([])
})

test('a program that is missing is told once, and nothing else comes of it', async () => {
  const manager = serviceManagerOf({ env: { ...systemd.env, PATH: '/nowhere' }, failed })
  for (let n = 0; n < 3; n++) {
    manager?.tell({ WATCHDOG: '1' })
    await manager?.settled()
  }
  expect(failures).toEqual([expect.stringContaining('ENOENT')])
})

test.each([
  [{ WATCHDOG_USEC: '30000000' }, 15_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '42' }, 15_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '43' }, null],
  [{ WATCHDOG_USEC: '0' }, null],
  [{ WATCHDOG_USEC: 'soon' }, null],
  [{ WATCHDOG_USEC: '1e99' }, null],
  [{}, null],
])('%j: a sign of life every %s ms', (env, every) => {
  expect(serviceManagerOf({ env: { ...systemd.env, ...env }, pid: 42, failed })?.watchdog).toBe(every)
})
