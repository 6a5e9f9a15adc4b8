import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import process from 'node:process'
import { expect, test } from 'vitest'
import { portHolder } from '../../src/actors/port-holder.ts'
import { eventually } from '../support/eventually.ts'

const elsewhere = process.platform !== 'linux'

test.skipIf(elsewhere).each(['127.0.0.1', '::1'])('whoever listens on %s is found', async (host) => {
  const server = createServer().listen(0, host)
  await eventually(() => expect(server.listening).toBe(true))
  const { port } = server.address() as { port: number }
  expect(portHolder(host, port)).toMatchObject({ pid: process.pid })
  expect(portHolder('0.0.0.0', port)).toMatchObject({ pid: process.pid })
  expect(portHolder('127.0.0.9', port)).toBeNull()
  server.close()
  await eventually(() => expect(portHolder(host, port)).toBeNull())
})

test.skipIf(elsewhere)('its command line is shown cut, on one line, without control characters', async () => {
  const program = "require('node:net').createServer().listen(0, function () { console.log(this.address().port) })"
  const child = spawn(process.execPath, ['-e', program, 'two\nlines\u001b[31m', 'x'.repeat(500)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
  )
  const holder = portHolder('localhost', port)
  child.kill()
  expect(holder?.pid).toBe(child.pid)
  expect(holder?.command).toHaveLength(100)
  expect(holder?.command).toMatch(/node -e require[^\p{Cc}]*…$/u)
})
