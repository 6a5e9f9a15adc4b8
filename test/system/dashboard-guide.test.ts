import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'

/** The lines of the MagicTunnel guide that call the dashboard API, as they are printed there; only the port is another one. */

const customRestart = `curl -X POST http://localhost:3001/dashboard/api/system/custom-restart \\
  -H "Content-Type: application/json" \\
  -d '{
    "pre_commands": [
      {
        "command_type": "make",
        "command": "clean",
        "is_safe": true
      }
    ],
    "post_commands": [
      {
        "command_type": "shell",
        "command": "echo \\"Restart complete\\"",
        "is_safe": true
      }
    ],
    "args": ["--config", "production.yaml"]
  }'`
const systemStatus = 'curl http://localhost:3001/dashboard/api/system/status'

const config = `
supervisor:
  services:
    magictunnel: { command: ./magictunnel, args: [--config, config.yaml] }
`
const noCurl = !existsSync('/usr/bin/curl')

let place: FleetFolder | undefined
afterEach(() => place?.end())

test.skipIf(noCurl)('they run as printed', async () => {
  const folder = fleetFolder(config)
  place = folder
  const port = await freePort()
  writeFileSync(join(folder.cwd, 'magictunnel'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
  // A make of our own, because not every machine has one: what a target does stands in a file of its name.
  writeFileSync(join(folder.cwd, 'make'), '#!/bin/sh\n. "./$1"\n', { mode: 0o755 })
  writeFileSync(join(folder.cwd, 'clean'), 'echo cleaned > cleaned\n')
  await folder.up({ HYPHAE_HTTP_PORT: String(port), PATH: `${folder.cwd}:${process.env['PATH']}` })
  const run = (line: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      execFile('/bin/sh', ['-c', line.replace('3001', String(port))], { cwd: folder.cwd }, (error, out) => {
        if (error === null) resolve(JSON.parse(out) as Record<string, unknown>)
        else reject(error)
      })
    })
  const before = await folder.status('magictunnel')
  expect(await run(systemStatus)).toMatchObject({
    status: 'healthy',
    supervisor: { available: true, status: 'healthy', data: { pid: before.pid, status: 'running' } },
    restart_capability: { available: true, method: 'supervisor' },
  })
  expect(await run(customRestart)).toMatchObject({
    action: 'custom_restart',
    status: 'success',
    message: 'Custom restart sequence completed successfully',
    data: {
      overall_success: true,
      pre_command_results: [{ success: true, exit_code: 0 }],
      restart_successful: true,
      // Run without a shell.
      post_command_results: [{ success: true, stdout: 'Restart complete\n' }],
    },
  })
  const after = await folder.status('magictunnel')
  expect(after.args).toEqual(['--config', 'production.yaml'])
  expect(after.pid).not.toBe(before.pid)
  expect(readFileSync(join(folder.cwd, 'cleaned'), 'utf8')).toBe('cleaned\n')
})
