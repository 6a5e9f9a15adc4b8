import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logPathOf } from '../../src/state-dir.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

/** The programs of docs/sdk.md, as they are written, print what the page says. */

const page = readFileSync(resolve(import.meta.dirname, '../../docs/sdk.md'), 'utf8')
const programs = [...page.matchAll(/```js\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)].map(
  ([, program = '', printed = '']) => [program.split('\n')[2] ?? '', program, printed] as const,
)
const entry = resolve(import.meta.dirname, '../../src/client/index.ts')

let fleet: Fleet
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-sdk-'))
  const stateDir = join(folder, '.hyphae')
  const sleeper = { command: '/bin/sleep', args: ['1000'] }
  fleet = await startFleet([specOf({ name: 'db', ...sleeper }), specOf({ name: 'web', ...sleeper })], {
    stateDir,
    listeners: [{ name: 'control', endpoint: `unix:${join(stateDir, 'control.sock')}`, dialect: 'jsonrpc' }],
  })
  await fleet.until('db', 'healthy')
  await fleet.until('web', 'healthy')
  appendFileSync(logPathOf(stateDir, 'web'), 'listening\n')
})
afterAll(async () => {
  await fleet.end()
  rmSync(folder, { recursive: true, force: true })
})

test('every program of the page is run', () => {
  expect(programs).toHaveLength([...page.matchAll(/```js\n/g)].length)
  expect(programs.length).toBeGreaterThan(3)
})

test.each(programs)('%s', async (_, program, printed) => {
  await fleet.until('web', 'healthy')
  const file = join(folder, 'program.mjs')
  writeFileSync(file, program.replace("'hyphae/client'", JSON.stringify(entry)))
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HYPHAE_')))
  const child = spawn(process.execPath, [file], { cwd: folder, env: { ...environment, NO_COLOR: '1' } })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  await new Promise((done) => child.on('close', done))
  expect(out).toBe(printed)
})
