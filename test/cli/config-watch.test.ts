import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchConfig, type ConfigWatch } from '../../src/cli/config-watch.ts'

let folder: string
let watch: ConfigWatch | undefined
let calls = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-watch-'))
  calls = 0
})
afterEach(() => {
  watch?.stop()
  rmSync(folder, { recursive: true, force: true })
})
const at = (...parts: string[]): string => join(folder, ...parts)
const write = (path: string, text: string): void => writeFileSync(path, text)
const count = (): number => calls
const patience = { timeout: 10_000 }
const begin = (...paths: string[]): void => {
  watch = watchConfig(paths, () => void calls++)
}

test('many writes in a row are one change, and what else happens in the folder is none (process-compose: TestWatcher_FlapSuspends)', async () => {
  write(at('c.yaml'), '0')
  begin(at('c.yaml'))
  write(at('log'), 'x')
  for (let n = 1; n <= 20; n++) write(at('c.yaml'), 'x'.repeat(n))
  write(at('log'), 'y')
  await expect.poll(count, patience).toBe(1)
  write(at('c.yaml'), 'done')
  await expect.poll(count, patience).toBe(2)
})

test('a link that points elsewhere is a change, and so is an edit of what it points to', async () => {
  mkdirSync(at('v1'))
  mkdirSync(at('v2'))
  write(at('v1', 'c.yaml'), '1')
  write(at('v2', 'c.yaml'), '22')
  symlinkSync('v1', at('now'))
  symlinkSync('now/c.yaml', at('c.yaml'))
  begin(at('c.yaml'))
  symlinkSync('v2', at('next'))
  renameSync(at('next'), at('now'))
  await expect.poll(count, patience).toBe(1)
  write(at('v2', 'c.yaml'), '333')
  await expect.poll(count, patience).toBe(2)
})

test('a folder that is replaced is still looked at', async () => {
  mkdirSync(at('etc'))
  write(at('etc', 'c.yaml'), '1')
  begin(at('etc', 'c.yaml'))
  rmSync(at('etc'), { recursive: true })
  await expect.poll(count, patience).toBe(1)
  mkdirSync(at('etc'))
  write(at('etc', 'c.yaml'), '22')
  await expect.poll(count, patience).toBe(2)
})

test('it goes over to another file', async () => {
  write(at('a.yaml'), '1')
  write(at('b.yaml'), '1')
  begin(at('a.yaml'))
  watch?.follow([at('b.yaml')])
  write(at('b.yaml'), '22')
  await expect.poll(count, patience).toBe(1)
})

test('a file that is never left alone is read all the same', async () => {
  write(at('c.yaml'), '0')
  begin(at('c.yaml'))
  let n = 0
  const flapping = setInterval(() => write(at('c.yaml'), 'x'.repeat(++n)), 20)
  await expect.poll(count, patience).toBeGreaterThan(0)
  clearInterval(flapping)
})

test('several files are one config: each is looked at, one that is not there yet too, and what stays is not forgotten', async () => {
  mkdirSync(at('env'))
  write(at('c.yaml'), '1')
  begin(at('c.yaml'), at('env', 'web.env'))
  write(at('env', 'web.env'), 'A=1')
  await expect.poll(count, patience).toBe(1)
  rmSync(at('env', 'web.env'))
  await expect.poll(count, patience).toBe(2)
  write(at('c.yaml'), '22')
  // Before it has been told.
  watch?.follow([at('c.yaml'), at('other.env')])
  await expect.poll(count, patience).toBe(3)
  write(at('other.env'), 'A=1')
  await expect.poll(count, patience).toBe(4)
})
