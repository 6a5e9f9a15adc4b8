import { spawn, type StdioOptions } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { hasProc } from '../../src/actors/proc.ts'
import { fixture } from '../support/programs.ts'

test.skipIf(!hasProc)('closes what was inherited by accident, and keeps what was passed on purpose', async () => {
  const stray = openSync('/dev/null', 'r')
  // Above the low ones, which node guards by itself.
  const [kept, closed] = ['30', '31']
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit']
  stdio[Number(kept)] = stray
  stdio[Number(closed)] = stray
  stdio[32] = 'ipc'
  const child = spawn(process.execPath, [fixture('close-descriptors.mjs'), kept, closed], {
    stdio: Array.from(stdio, (one) => one ?? 'ignore'),
    env: { ...process.env, LISTEN_FDS: '28' },
  })
  closeSync(stray)
  const heard = new Promise((resolve) => {
    child.once('message', resolve)
  })
  const { stdout } = child
  if (stdout === null) throw new Error('no stdout')
  expect(JSON.parse(await text(stdout))).toEqual([true, false])
  expect(await heard).toBe('still connected')
})

test.skipIf(!hasProc)('leaves alone what Node reads its certificates from', async () => {
  const file = fixture('close-descriptors.mjs')
  const certificates = openSync(file, 'r')
  const stdio: StdioOptions = Array.from({ length: 31 }, (_, at) => (at === 1 ? 'pipe' : at === 30 ? certificates : 'ignore'))
  const child = spawn(process.execPath, [file, '30', '29'], { stdio, env: { ...process.env, SSL_CERT_FILE: file } })
  closeSync(certificates)
  const { stdout } = child
  if (stdout === null) throw new Error('no stdout')
  expect(JSON.parse(await text(stdout))).toMatchObject([true, expect.anything()])
})
