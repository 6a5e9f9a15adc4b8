import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/errors.ts'
import { optionsOf } from '../../src/embed.ts'
import { pem, pemPath } from '../support/certificates.ts'

/** Certificates of a config: read, compared, and refused with the field that is wrong. */

const folder = mkdtempSync(join(tmpdir(), 'hyphae-tls-'))
beforeAll(() => {
  for (const name of ['server.pem', 'server.key', 'renewed.key', 'ca.pem']) {
    copyFileSync(pemPath(name), join(folder, name))
    chmodSync(join(folder, name), 0o600)
  }
  copyFileSync(pemPath('server.key'), join(folder, 'open.key'))
  chmodSync(join(folder, 'open.key'), 0o644)
  writeFileSync(join(folder, 'text.pem'), 'not a certificate', { mode: 0o600 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const load = (text: string) => {
  const path = join(folder, 'hyphae.yaml')
  writeFileSync(path, `supervisor: { services: {} }\n${text}`)
  return loadConfig(path, process.env)
}
const problems = (text: string): string[] => {
  try {
    load(text)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`)
    throw error
  }
  return []
}

test('relative to the config, and as endpoints of their own', () => {
  const config = load('http: { tls: { cert: server.pem, key: server.key, ca: ca.pem } }')
  expect(config.http.tls).toEqual({ cert: pem('server.pem'), key: pem('server.key'), ca: pem('ca.pem') })
  const { listeners = [], certificates = {} } = optionsOf(config)
  expect(listeners.map(({ endpoint }) => endpoint.slice(0, endpoint.indexOf(':')))).toEqual(['unix', 'tcp', 'https'])
  expect(Object.keys(certificates)).toEqual(['http'])
})

test.each([
  ['{ cert: nowhere.pem, key: server.key }', 'http.tls.cert: there is no file'],
  ['{ cert: server.pem, key: nowhere.key }', 'http.tls.key: there is no file'],
  ['{ cert: server.pem }', 'http.tls.key: is required'],
  ['{ cert: ., key: server.key }', 'http.tls.cert: expected a file'],
  ['{ cert: text.pem, key: server.key }', 'http.tls.cert: expected a certificate as PEM'],
  ['{ cert: server.pem, key: text.pem }', 'http.tls.key: expected a private key as PEM, without a passphrase'],
  ['{ cert: server.pem, key: renewed.key }', 'http.tls.key: is not the key of this certificate'],
  ['{ cert: server.pem, key: open.key }', 'http.tls.key: others may read'],
  ['{ cert: server.pem, key: server.key, ca: text.pem }', 'http.tls.ca: expected certificates as PEM'],
  ['{ cert: server.pem, key: server.key, cipher: x }', 'http.tls.cipher: is no field of this block'],
])('%s', (written, expected) => {
  expect(problems(`http: { tls: ${written} }`)).toEqual([expect.stringContaining(expected)])
})

test('that others may read a key is told with what to do about it', () => {
  expect(problems('http: { tls: { cert: server.pem, key: open.key } }')[0]).toContain(`chmod 600 ${join(folder, 'open.key')}`)
})
