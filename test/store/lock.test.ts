import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { lockState } from '../../src/store/lock.ts'
import { folder } from './written.ts'

const folders: string[] = []
const place = (): string => {
  const dir = folder()
  folders.push(dir)
  return dir
}
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true })
})
const taken = (lock: ReturnType<typeof lockState>) => {
  if (!('release' in lock)) throw new Error(`held by ${lock.heldBy}`)
  return lock
}

test('one holds it, also within one process; once released the next may', () => {
  const dir = join(place(), 'made')
  const first = taken(lockState(dir))
  expect(readFileSync(join(dir, 'supervisor.pid'), 'utf8')).toBe(`${process.pid}\n`)
  expect(lockState(dir)).toEqual({ heldBy: process.pid })
  first.release()
  first.release()
  expect(existsSync(join(dir, 'supervisor.pid'))).toBe(false)
  taken(lockState(dir)).release()
})

test('another process that holds it is named; killed, it holds it no more', async () => {
  const dir = place()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../fixtures/lock-holder.ts'), dir])
  await new Promise((resolve) => child.stdout.once('data', resolve))
  expect(lockState(dir)).toEqual({ heldBy: child.pid })
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  expect(existsSync(join(dir, 'supervisor.pid'))).toBe(true)
  taken(lockState(dir)).release()
})

test('of several in the same moment exactly one gets in', async () => {
  const holder = join(import.meta.dirname, '../fixtures/lock-holder.ts')
  for (let round = 0; round < 12; round++) {
    const dir = place()
    const moment = String(Date.now() + 250)
    const children = Array.from({ length: 2 }, () => spawn(process.execPath, [holder, dir, moment]))
    const said = await Promise.all(
      children.map((child) => new Promise((resolve) => child.stdout.once('data', (text: Buffer) => resolve(text.toString())))),
    )
    for (const child of children) child.kill('SIGKILL')
    expect(new Set(said)).toEqual(new Set(['held\n', 'refused\n']))
  }
})

test('a note that cannot be written, or is of a process long gone, is no obstacle', () => {
  const dir = place()
  mkdirSync(join(dir, 'supervisor.pid'))
  const first = taken(lockState(dir))
  expect(lockState(dir)).toEqual({ heldBy: null })
  writeFileSync(join(dir, 'supervisor.pid'), '4194304999')
  expect(lockState(dir)).toEqual({ heldBy: null })
  first.release()
})

test('garbage in its place is no obstacle, and still only one gets in', () => {
  const dir = place()
  writeFileSync(join(dir, 'lock.db'), 'garbage\n'.repeat(1_000))
  const first = taken(lockState(dir))
  expect(lockState(dir)).toEqual({ heldBy: process.pid })
  first.release()
  rmSync(join(dir, 'lock.db'))
  mkdirSync(join(dir, 'lock.db', 'inner'), { recursive: true })
  taken(lockState(dir)).release()
})

test('a folder that cannot be written is named', () => {
  const dir = join(place(), 'file')
  writeFileSync(dir, '')
  expect(() => lockState(dir)).toThrow(
    expect.objectContaining({ code: 'storage', message: expect.stringContaining(dir) as string }),
  )
})

test('nobody else can read it, and so lock us out', () => {
  const dir = place()
  writeFileSync(join(dir, 'lock.db'), '', { mode: 0o644 })
  const lock = taken(lockState(dir))
  expect(statSync(join(dir, 'lock.db')).mode & 0o777).toBe(0o600)
  lock.release()
})
