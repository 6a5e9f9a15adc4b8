import { afterEach, expect, test } from 'vitest'
import { dashboardFleet, request, type DashboardFleet } from '../support/dashboard.ts'

/** What each role may do through the dashboard API. */

let fleet: DashboardFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (): Promise<DashboardFleet> => {
  const tokens = (['viewer', 'operator', 'admin'] as const).map((role) => ({ name: role, token: `${role}-token`, role }))
  const access = { token: null, tokens, allowedCommands: null }
  fleet = await dashboardFleet({ access })
  return fleet
}
const echo = { command_type: 'shell', command: 'echo x', is_safe: true }
const posts = [
  ['system/restart', undefined],
  ['system/custom-restart', {}],
  ['system/execute-command', { command: echo }],
  ['makefile/execute', { command: 'clean' }],
  ['services/web/restart', undefined],
  ['services/web/stop', undefined],
  ['services/web/start', undefined],
] as const

test('a viewer sees and does nothing', async () => {
  const one = await start()
  const as = (method: string, path: string, body?: unknown) =>
    request(one, method, path, body, { authorization: 'Bearer viewer-token' })
  const { pid } = one.status('web')
  for (const path of ['status', 'system/status', 'system/services/status']) expect((await as('GET', path)).status, path).toBe(200)
  for (const [path, body] of posts.filter(([path]) => path !== 'services/web/start')) {
    const said = await as('POST', path, body)
    expect(said, path).toMatchObject({
      status: 403,
      body: { status: 'error', code: 'forbidden', rule: 'role', message: expect.stringContaining('viewer') as unknown },
    })
  }
  expect(one.status('web').pid).toBe(pid)
})

test('an operator restarts', async () => {
  const one = await start()
  expect(await request(one, 'POST', 'system/restart', undefined, { authorization: 'Bearer operator-token' })).toMatchObject({
    status: 200,
    body: { status: 'success' },
  })
})

test('a fleet that is locked down refuses what changes something, and says so', async () => {
  const one = await start()
  const admin = { name: 'test', via: 'test', role: 'admin' } as const
  const reply = await one.orchestrator.gateway.invoke(admin, 'system.lockdown', { on: true, reason: 'a drill' })
  expect(reply).toMatchObject({ ok: true })
  const as = (method: string, path: string, body?: unknown) =>
    request(one, method, path, body, { authorization: 'Bearer admin-token' })
  for (const [path, body] of posts.filter(([path]) => path !== 'services/web/start')) {
    expect(await as('POST', path, body), path).toMatchObject({ status: 403, body: { status: 'error', rule: 'lockdown' } })
  }
  expect((await as('GET', 'status')).status).toBe(200)
})
