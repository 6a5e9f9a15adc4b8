import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fleetFolder, type FleetFolder, type Ran } from '../support/cli.ts'

let fleet: FleetFolder
let path = ''
beforeEach(() => {
  fleet = fleetFolder('supervisor: { services: { web: { command: sleep, args: ["1000"] } } }')
  path = join(fleet.stateDir, 'identity.key')
})
afterEach(() => fleet.end())

const parsed = ({ out }: Ran) => JSON.parse(out) as { key: string; peerId: string; addresses: string[] }
const id = () => fleet.run(['id', '--json'])

test('is made once, for its user alone, and stays', async () => {
  const first = await id()
  expect(first).toMatchObject({ code: 0, err: '' })
  const { key, peerId, addresses } = parsed(first)
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(peerId).toMatch(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/)
  expect(addresses).toEqual([])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  const { out } = await fleet.run(['id'])
  expect(out).toContain(`key        ${key}\npeer id    ${peerId}\n`)
  expect(parsed(await id())).toEqual({ key, peerId, addresses })
})

test('asked by several at once they all get the same, and nothing is left beside it', async () => {
  const all = await Promise.all(Array.from({ length: 5 }, id))
  expect(all.map(({ code, err }) => ({ code, err }))).toEqual(all.map(() => ({ code: 0, err: '' })))
  expect(new Set(all.map((ran) => parsed(ran).key)).size).toBe(1)
  expect(readdirSync(fleet.stateDir)).toEqual(['identity.key'])
})

test('while a fleet runs without a mesh there are no addresses', async () => {
  await fleet.up({ SUPERVISOR_PORT: '0' })
  expect(parsed(await id()).addresses).toEqual([])
})

const pem = (type: 'ed25519' | 'x25519'): string => {
  const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

test.each<[string, () => void, string]>([
  ['open to others', () => writeFileSync(path, pem('ed25519')), 'is open to others (mode 0644)'],
  ['garbage', () => writeFileSync(path, 'SECRET-garbage', { mode: 0o600 }), 'holds no private key (expected an Ed25519 key'],
  ['empty', () => writeFileSync(path, '', { mode: 0o600 }), 'holds no private key'],
  ['another key', () => writeFileSync(path, pem('x25519'), { mode: 0o600 }), 'holds a key of type x25519 (expected Ed25519)'],
  ['a link', () => symlinkSync('/etc/passwd', path), 'is a link'],
  ['a folder', () => mkdirSync(path), 'is no file'],
])('a file that is %s is refused, and left as it is', async (_, make, message) => {
  mkdirSync(fleet.stateDir, { mode: 0o700 })
  make()
  if (message.includes('0644')) chmodSync(path, 0o644)
  const before = statSync(path)
  const { code, out, err } = await fleet.run(['id'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(message)
  expect(err).toContain(path)
  expect(err).not.toMatch(/SECRET|PRIVATE/)
  expect(statSync(path)).toMatchObject({ mtimeMs: before.mtimeMs, ino: before.ino })
  rmSync(path, { recursive: true })
})
