import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { freePort } from '../support/free-port.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'

let fleet: Fleet | undefined
let folder = ''
afterEach(async () => {
  await fleet?.end()
  rmSync(folder, { recursive: true, force: true })
})

test('an external MCP server is healthy while it answers an initialize, and restarts when it does not', async () => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-mcp-'))
  const server = resolve(import.meta.dirname, '../fixtures/mcp-server.mjs')
  const path = join(folder, 'hyphae.yaml')
  writeFileSync(
    path,
    `
supervisor:
  health_check: { timeout: 5, retries: 1 }
  restart: { delay: 50 }
  services:
    tools:
      kind: mcp
      category: advanced
      command: ${process.execPath}
      args: [${server}]
      env: { PORT: ${await freePort()} }
      health_check_interval: 50ms
`,
  )
  const { services } = loadConfig(path, process.env)
  fleet = await startFleet(services)
  await fleet.until('tools', 'healthy')
  const { pid, kind, category } = fleet.status('tools')
  expect([kind, category]).toEqual(['mcp', 'advanced'])
  process.kill(pid ?? 0, 'SIGUSR1')
  expect((await fleet.fact('tools', 'service.unhealthy')).because).toMatch(
    /initialize at http:\/\/127\.0\.0\.1:\d+\/mcp answered 500/,
  )
  await fleet.fact('tools', 'service.ready', 2)
  expect(fleet.status('tools').pid).not.toBe(pid)
})
