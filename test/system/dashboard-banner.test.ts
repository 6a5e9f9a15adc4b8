import { afterEach, expect, test } from 'vitest'
import { dashboardFleet, request, urlOf, type DashboardFleet } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { connectionsOf } from '../support/http.ts'
import { listenTo } from '../support/server-sent.ts'

/** The banner through the dashboard API: once, and as it changes. */

let fleet: DashboardFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (): Promise<DashboardFleet> => {
  fleet = await dashboardFleet()
  return fleet
}
const titleOf = (item: unknown): string => String((item as { title?: unknown }).title)

test('GET /banner tells what the fleet does', async () => {
  const { get } = await start()
  expect(await get('banner')).toMatchObject({
    status: 200,
    body: {
      type: expect.stringMatching(/^(success|error|warning|info)$/) as unknown,
      title: expect.any(String) as unknown,
      message: expect.any(String) as unknown,
      text: expect.any(String) as unknown,
      countdown_seconds: null,
      since: expect.stringMatching(/^\d{4}-/) as unknown,
    },
  })
})

test('GET /banner/stream tells it at once, and each time that it changes', async () => {
  const one = await start()
  const stream = await listenTo(urlOf(one, 'banner/stream'), { origin: 'http://localhost:5173' })
  expect([stream.response.status, stream.response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  expect(stream.response.headers.get('access-control-allow-origin')).toBe('http://localhost:5173')
  await stream.find(({ type, data }) => type === 'message' && titleOf(data) !== '')
  await one.post('system/custom-restart', { pre_commands: [{ command_type: 'shell', command: 'sleep 1', is_safe: true }] })
  await stream.find(({ data }) => titleOf(data).startsWith('Restarting'))
  stream.close()
  await eventually(() => expect(connectionsOf(one)).toEqual([]))
})

test('HEAD is over at once, and who may not look gets no stream', async () => {
  const one = await start()
  const head = await request(one, 'HEAD', 'banner/stream')
  expect([head.status, head.text]).toEqual([200, ''])
  await eventually(() => expect(connectionsOf(one)).toEqual([]))
  await one.end()
  fleet = await dashboardFleet({ access: { token: null, allowedCommands: ['restart'] } })
  expect(await fleet.get('banner/stream')).toMatchObject({ status: 403, body: { action: 'banner_stream', status: 'error' } })
})
