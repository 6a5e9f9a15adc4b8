import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { cli, fleetFolder, type FleetFolder } from '../support/cli.ts'

let fleet: FleetFolder
afterEach(() => fleet.end())

test.skipIf(process.platform !== 'linux')('a descriptor that our own parent left open does not reach a service', async () => {
  fleet = fleetFolder(`
supervisor:
  services:
    list: { command: /bin/sh, args: ["-c", "ls -l /proc/$$/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status"], one_shot: true }
`)
  // A high one, as from a careless parent: libuv itself guards only the low ones.
  const foreign = openSync('/etc/passwd', 'r')
  const stdio = Array.from({ length: 201 }, (_, number) => (number === 200 ? foreign : ('ignore' as const)))
  const up = spawn(process.execPath, [cli, 'up'], { cwd: fleet.cwd, stdio })
  closeSync(foreign)
  const gone = new Promise((resolve) => up.once('exit', resolve))
  const log = (): string => readFileSync(join(fleet.stateDir, 'logs', 'list.log'), 'utf8')
  await eventually(() => expect(log()).toContain('SigIgn'))
  up.kill('SIGTERM')
  await gone
  expect(log()).not.toContain('/etc/passwd')
  const descriptors = [...log().matchAll(/ (\d+) -> (\S+)/g)].map(([, number, target]) => `${number} ${target}`)
  expect(descriptors).toEqual(['0 /dev/null', expect.stringMatching(/^1 .*list\.log$/), expect.stringMatching(/^2 .*list\.log$/)])
  expect(log()).toMatch(/SigBlk:\s+0+\n/)
  // 64 bits of which none is set: no signal is ignored.
  expect(log()).toMatch(/SigIgn:\s+0+\n/)
})
