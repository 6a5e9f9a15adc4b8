import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/errors.ts'
import { findConfig, loadConfig, readStateDir } from '../../src/config/load.ts'
import { limits } from '../../src/protocol/limits.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const messageFrom = (attempt: () => unknown): string => {
  try {
    attempt()
  } catch (error) {
    if (error instanceof ConfigError) return error.format()
    throw error
  }
  return 'no error'
}

describe('the config that is meant', () => {
  test('is MAGICTUNNEL_CONFIG, else hyphae.yaml, else hyphae.yml', () => {
    const yml = file('hyphae.yml', '')
    expect(findConfig(folder, {})).toBe(yml)
    const yaml = file('hyphae.yaml', '')
    expect(findConfig(folder, { MAGICTUNNEL_CONFIG: '' })).toBe(yaml)
    expect(findConfig(folder, { MAGICTUNNEL_CONFIG: 'a/b.yaml' })).toBe(join(folder, 'a/b.yaml'))
    expect(findConfig(folder, { MAGICTUNNEL_CONFIG: '/b.yaml' })).toBe('/b.yaml')
  })

  test('may be none, and then it says what to do', () => {
    mkdirSync(join(folder, 'hyphae.yaml'))
    expect(messageFrom(() => findConfig(folder, {}))).toBe(
      `${folder}: no hyphae.yaml here; give one with -c, or name it in MAGICTUNNEL_CONFIG`,
    )
  })
})

describe('a file', () => {
  test('is loaded from its path, and what is relative is relative to it', () => {
    const path = file('a.yaml', 'supervisor: { services: { web: { command: ./x } } }')
    expect(loadConfig(path, {})).toMatchObject({
      path,
      dir: folder,
      stateDir: join(folder, '.hyphae'),
      services: [{ command: join(folder, 'x') }],
    })
  })

  test.each([
    ['that is missing', () => join(folder, 'nope.yaml'), 'there is no such file; give one with -c'],
    ['that is a folder', () => folder, 'is a folder; give the file in it with -c'],
    ['that is no text', () => file('b.yaml', Buffer.from([0x61, 0xff])), 'the file is not UTF-8 text'],
    ['that is too large', () => file('c.yaml', Buffer.alloc(limits.configBytes + 1, 0x20)), 'the file has more than 4 MiB'],
    ['that never ends', () => '/dev/zero', 'the file has more than 4 MiB'],
  ])('%s is refused', (_, make, message) => {
    const path = make()
    expect(messageFrom(() => loadConfig(path, {}))).toBe(`${path}: ${message}`)
  })
})

describe('the state folder', () => {
  test('is found whatever else is wrong in the file', () => {
    const path = file('a.yaml', 'supervisor: { port: "${NOPE}", enabled: false, servces: 1 }\nstate: ${WHERE}/s\nhttp: *nothing')
    expect(readStateDir(path, { WHERE: 'here' })).toBe(join(folder, 'here/s'))
    expect(readStateDir(path, { HYPHAE_STATE: '/elsewhere' })).toBe('/elsewhere')
    expect(messageFrom(() => readStateDir(path, {}))).toMatch(/:2:8: state: the environment variable WHERE is not set/)
  })

  test('is .hyphae beside the file where the file says nothing', () => {
    expect(readStateDir(file('a.yaml', 'supervisor: { port: "${NOPE}" }'), {})).toBe(join(folder, '.hyphae'))
    expect(readStateDir(file('b.yaml', 'x: { state: y }'), {})).toBe(join(folder, '.hyphae'))
    expect(readStateDir(file('c.yaml', 'state:'), {})).toBe(join(folder, '.hyphae'))
    expect(readStateDir(file('d.json', '{"state": "t"}'), {})).toBe(join(folder, 't'))
  })

  test('needs no file when the environment names it', () => {
    expect(readStateDir(join(folder, 'nope.yaml'), { HYPHAE_STATE: '/s' })).toBe('/s')
    expect(messageFrom(() => readStateDir(join(folder, 'nope.yaml'), {}))).toMatch(/there is no such file/)
  })
})
