import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'

const bin = resolve(import.meta.dirname, '../../bin/hyphae.js')

/** A package of its own around the real bin/hyphae.js. */
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-bin-'))
  cpSync(dirname(bin), join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (...before: string[]): Promise<{ code: unknown; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...before, join(folder, 'bin', 'hyphae.js'), 'status', '-c', 'x'], (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
const main = (source: string): void => {
  mkdirSync(join(folder, 'dist', 'cli'), { recursive: true })
  writeFileSync(join(folder, 'dist', 'cli', 'main.js'), source)
}

test('it may be executed', () => expect(statSync(bin).mode & 0o777).toBe(0o755))

test.each([
  ['magictunnel-supervisor', 'supervisor.js'],
  ['magictunnel-supervisor-cli', 'supervisor-cli.js'],
])('%s runs a program of its own', (name, file) => {
  mkdirSync(join(folder, 'dist', 'cli', 'magictunnel'), { recursive: true })
  writeFileSync(join(folder, 'dist', 'cli', 'magictunnel', file), 'process.stdout.write(process.argv.slice(2).join())')
  const path = join(folder, 'bin', `${name}.js`)
  expect(statSync(path).mode & 0o777).toBe(0o755)
  expect(execFileSync(process.execPath, [path, 'status', '--port', '1'], { encoding: 'utf8' })).toBe('status,--port,1')
})

test('without a build it says how to make one', async () => {
  expect(await run()).toEqual({ code: 2, out: '', err: 'hyphae: this checkout is not built yet\n  build it: npm run build\n' })
})

test('an old Node hears what is needed and how to get it', async () => {
  writeFileSync(join(folder, 'old.cjs'), "Object.defineProperty(process.versions, 'node', { value: '20.11.1' })")
  const { code, err } = await run('--require', join(folder, 'old.cjs'))
  expect(code).toBe(2)
  expect(err).toContain('needs Node 22.18 or newer; this is Node 20.11.1')
  expect(err).toContain('npx -p node@24 -p hyphae hyphae status -c x')
})

test('in a checkout an old Node names the one that came with it', async () => {
  const own = join(folder, 'node_modules', '.bin', 'node')
  mkdirSync(dirname(own), { recursive: true })
  writeFileSync(own, '')
  writeFileSync(join(folder, 'old.cjs'), "Object.defineProperty(process.versions, 'node', { value: '20.11.1' })")
  const { err } = await run('--require', join(folder, 'old.cjs'))
  expect(err).toContain(`with a Node of its own: ${own} ${join(folder, 'bin', 'hyphae.js')} status -c x\n`)
})

test('the warning of SQLite is not shown; others are', async () => {
  main(`
    process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
    process.emitWarning('Something else is experimental', 'ExperimentalWarning')
    process.emitWarning('SQLite is slow', { type: 'Warning' })
    process.stdout.write(process.argv.slice(2).join(' '))
  `)
  const { code, out, err } = await run()
  expect({ code, out }).toEqual({ code: 0, out: 'status -c x' })
  expect(err).not.toContain('SQLite is an experimental feature')
  expect(err).toContain('Something else is experimental')
  expect(err).toContain('SQLite is slow')
})
