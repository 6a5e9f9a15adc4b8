import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { controlSocketOf, findControlSocket, prepareControlSocket } from '../src/control-socket.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-socket-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})
const longStateDir = (): string => {
  const path = join(folder, 'x'.repeat(120))
  mkdirSync(path)
  return path
}

test('usually it lies in the state folder', () => {
  prepareControlSocket(folder)
  expect(controlSocketOf(folder)).toBe(join(folder, 'control.sock'))
  expect(findControlSocket(folder)).toBe(join(folder, 'control.sock'))
  expect(existsSync(join(folder, 'control.path'))).toBe(false)
})

test('where the path is too long a short one is noted in the state folder', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', join(folder, 'run'))
  const stateDir = longStateDir()
  prepareControlSocket(stateDir)
  const path = controlSocketOf(stateDir)
  expect(dirname(path)).toBe(join(folder, 'run', 'hyphae'))
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107)
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
  expect(readFileSync(join(stateDir, 'control.path'), 'utf8')).toBe(`${path}\n`)
  // A client with another environment finds the same.
  vi.stubEnv('XDG_RUNTIME_DIR', '')
  expect(findControlSocket(stateDir)).toBe(path)
})

test('without a runtime folder it lies among the temporary files, in a folder named after the user', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', '')
  expect(controlSocketOf(longStateDir())).toMatch(new RegExp(`^${tmpdir()}/hyphae-\\d+/[0-9a-f]{16}\\.sock$`))
})

test('a folder that others may enter is refused', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', folder)
  mkdirSync(join(folder, 'hyphae'), { mode: 0o755 })
  expect(() => prepareControlSocket(longStateDir())).toThrow('must belong to you alone')
})
