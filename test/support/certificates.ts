import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Certificate } from '../../src/protocol/control-rules.ts'

/** The certificates of test/fixtures/tls: an authority, what it has signed, and their keys. */

const folder = resolve(import.meta.dirname, '../fixtures/tls')

export const pemPath = (name: string): string => join(folder, name)
export const pem = (name: string): string => readFileSync(pemPath(name), 'utf8')

export const authority = pem('ca.pem')

/** `clients`: whose certificates clients must show; null: they need none. */
export const certificateOf = (name: string, clients: string | null = null): Certificate => ({
  cert: pem(`${name}.pem`),
  key: pem(`${name}.key`),
  ca: clients,
})

export const everywhere = (certificate: Certificate) => ({ http: certificate, supervisor: certificate })

export const secureListeners = [
  { name: 'http', endpoint: 'https:127.0.0.1:0', dialect: 'jsonrpc' },
  { name: 'supervisor', endpoint: 'tls:127.0.0.1:0', dialect: 'magictunnel' },
] as const
