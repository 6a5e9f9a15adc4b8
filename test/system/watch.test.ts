import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { lint, readExposition, type Read } from '../support/exposition.ts'
import { ask, connectionsOf, exchange, httpFleet, json, post, type HttpFleet } from '../support/http.ts'

/** What a monitoring system sees of a fleet: its probes and its figures, through a real listener. */

let fleet: HttpFleet
beforeAll(async () => {
  fleet = await httpFleet()
})
afterAll(() => fleet.end())

async function scrape(): Promise<Map<string, Read>> {
  const response = await fetch(`${fleet.origin}/metrics`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return readExposition(await response.text())
}
const valueOf = (families: Map<string, Read>, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
  families.get(name)?.samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    ?.value

test('anybody hears whether it is alive and ready, and nothing more', async () => {
  for (const path of ['/healthz', '/readyz']) {
    const response = await fetch(`${fleet.origin}${path}`)
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
    const head = await fetch(`${fleet.origin}${path}`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const wrong = await fetch(`${fleet.origin}${path}`, { method: 'POST', body: '{}', headers: json })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  }
})

test('who may read the fleet hears why', async () => {
  const response = await fetch(`${fleet.origin}/readyz?verbose`)
  expect(response.status).toBe(200)
  const report = (await response.json()) as { checks: Array<{ name: string; ok: boolean }> }
  expect(report).toMatchObject({ live: true, ready: true, status: 'running' })
  expect(report.checks.map(({ name }) => name)).toEqual(['event_loop', 'journal', 'status', 'listeners', 'services', 'faults'])
  await expect(ask(fleet.origin, 'system.health')).resolves.toMatchObject({ result: { ready: true } })
  const head = await exchange(fleet.port, `HEAD /readyz?verbose HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
  expect(head).toMatch(/^HTTP\/1.1 200 .*content-length: \d+\r\n.*\r\n\r\n$/is)
})

test('a service that is stopped on purpose leaves it ready; one that should run does not', async () => {
  await fleet.call('service.stop', { services: ['web'] })
  expect((await fetch(`${fleet.origin}/readyz`)).status).toBe(200)
  await fleet.call('service.start', { services: ['web'] })
  await fleet.until('web', 'healthy')
})

test('its figures are sound by the rules of promtool', async () => {
  const families = await scrape()
  expect(lint(families)).toEqual([])
  expect(valueOf(families, 'hyphae_service_up', { service: 'web' })).toBe(1)
  expect(valueOf(families, 'hyphae_service_ready', { service: 'web' })).toBe(1)
  expect(valueOf(families, 'hyphae_service_wanted', { service: 'web' })).toBe(1)
  expect(valueOf(families, 'hyphae_services', { status: 'running' })).toBe(1)
  expect(valueOf(families, 'hyphae_service_status', { service: 'web', status: 'running' })).toBe(1)
  expect(valueOf(families, 'hyphae_listener_up', { listener: 'http' })).toBe(1)
  expect(valueOf(families, 'hyphae_connections', { listener: 'http' })).toBeGreaterThanOrEqual(1)
  expect(valueOf(families, 'hyphae_logins_refused_total')).toBe(0)
  expect(valueOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(valueOf(families, 'process_open_fds')).toBeGreaterThan(5)
  expect(Math.abs((valueOf(families, 'process_start_time_seconds') ?? 0) - Date.now() / 1000)).toBeLessThan(3_600)
})

test('what happens is counted', async () => {
  const before = await scrape()
  await fleet.call('service.restart', { services: ['web'] })
  await post(fleet.origin, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'no.such', params: {} }))
  const after = await scrape()
  const grew = (name: string, labels: Readonly<Record<string, string>>): number =>
    (valueOf(after, name, labels) ?? 0) - (valueOf(before, name, labels) ?? 0)
  expect(grew('hyphae_service_restarts_total', { service: 'web' })).toBe(1)
  expect(grew('hyphae_service_exits_total', { service: 'web', outcome: 'planned' })).toBe(1)
  expect(grew('hyphae_workflows_total', { outcome: 'done' })).toBe(1)
  expect(grew('hyphae_facts_total', { type: 'service.ready' })).toBe(1)
  expect(grew('hyphae_requests_total', { command: 'service.restart', code: 'ok' })).toBe(1)
  expect(grew('hyphae_requests_total', { command: 'unknown', code: 'unknown_command' })).toBe(1)
  const counts = after.get('hyphae_request_duration_seconds')?.samples ?? []
  const restart = counts.filter(({ labels }) => labels['command'] === 'service.restart')
  expect(restart.find(({ name }) => name.endsWith('_count'))?.value).toBe(1)
  expect(restart.find(({ labels }) => labels['le'] === '+Inf')?.value).toBe(1)
})

test('memory and CPU are those that the background measured', async () => {
  await eventually(async () => {
    const families = await scrape()
    expect(valueOf(families, 'hyphae_service_memory_bytes', { service: 'web' })).toBeGreaterThan(0)
    expect(valueOf(families, 'hyphae_service_cpu_seconds_total', { service: 'web' })).toBeGreaterThanOrEqual(0)
  }, 4 * limits.metricsInterval)
})

test('a scrape leaves nothing behind, and changes no service', async () => {
  const seq = fleet.orchestrator.view.lastFact()
  for (let count = 0; count < 5; count++) await scrape()
  expect(fleet.orchestrator.view.lastFact()).toBe(seq)
  await eventually(() => expect(connectionsOf(fleet)).toEqual([]))
})

test('where a token is needed, figures and reasons need it, and yes or no does not', async () => {
  const guarded = await httpFleet({ access: { token: 'geheim', allowedCommands: null } })
  try {
    const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(`${guarded.origin}${path}`, { headers })).status
    const authorization = 'Bearer geheim'
    expect(await status('/healthz')).toBe(200)
    expect(await status('/readyz')).toBe(200)
    expect(await status('/readyz?verbose')).toBe(401)
    expect(await status('/readyz?%76erbose')).toBe(401)
    expect(await status('/metrics')).toBe(401)
    expect(await status('/metrics', { authorization })).toBe(200)
    expect(await status('/readyz?verbose', { authorization })).toBe(200)
  } finally {
    await guarded.end()
  }
})

test('a network that may not see the status does not see figures', async () => {
  const narrow = await httpFleet({ access: { token: null, allowedCommands: ['restart'] } })
  try {
    const response = await fetch(`${narrow.origin}/metrics`)
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({
      error: { code: 'forbidden', message: expect.stringContaining('system.metrics') as string },
    })
    expect((await fetch(`${narrow.origin}/readyz`)).status).toBe(200)
  } finally {
    await narrow.end()
  }
})
