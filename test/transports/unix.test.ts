import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { ListenerEvent } from '../../src/protocol/link.ts'
import { unix } from '../../src/transports/unix.ts'
import { eventually } from '../support/eventually.ts'
import { complies } from './compliance.ts'

const folder = mkdtempSync(join(tmpdir(), 'hyphae-unix-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const fresh = (): string => join(folder, `${++count}.sock`)

complies('unix', () => ({ transport: unix(), address: () => `unix:${fresh()}`, nowhere: `unix:${fresh()}` }))

test('the socket is for its owner alone', async () => {
  const path = fresh()
  const events: ListenerEvent[] = []
  const listener = unix().listen(`unix:${path}`, (event) => events.push(event))
  await eventually(() => expect(events).toEqual([{ type: 'listener.bound', address: path }]))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  listener.close()
})

test('a file left over from a crash is taken over', async () => {
  const path = fresh()
  writeFileSync(path, '')
  const events: ListenerEvent[] = []
  const listener = unix().listen(`unix:${path}`, (event) => events.push(event))
  await eventually(() => expect(events).toEqual([{ type: 'listener.bound', address: path }]))
  listener.close()
})

test('a path too long for a unix socket is refused with its length named', async () => {
  const events: ListenerEvent[] = []
  unix().listen(`unix:${join(folder, 'x'.repeat(120))}`, (event) => events.push(event))
  await eventually(() => expect(events).toHaveLength(1))
  expect(events[0]).toMatchObject({ type: 'listener.closed', reason: { kind: 'failed' } })
  expect(JSON.stringify(events[0])).toContain('107 bytes')
})

test('a folder that is missing is a reason, not a crash', async () => {
  const events: ListenerEvent[] = []
  unix().listen(`unix:${join(folder, 'missing', 'x.sock')}`, (event) => events.push(event))
  await eventually(() => expect(events).toMatchObject([{ type: 'listener.closed', reason: { kind: 'failed' } }]))
})
