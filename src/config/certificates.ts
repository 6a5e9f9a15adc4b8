import { createPrivateKey, X509Certificate } from 'node:crypto'
import process from 'node:process'
import type { Certificate } from '../protocol/control-rules.ts'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { Checker } from './checker.ts'
import type { Path } from './report.ts'
import { readNamedFile } from './secret-file.ts'

/** The files by which a listener proves who it is, read and compared with one another. */

export interface WrittenTls {
  readonly cert: string
  readonly key: string
  readonly ca?: string | undefined
}

/** null: it speaks without TLS, or what is wrong was told. */
export function readCertificate(written: WrittenTls | undefined, at: Path, dir: string, checker: Checker): Certificate | null {
  if (written === undefined) return null
  const read = (field: 'cert' | 'key' | 'ca', name: string): string | undefined =>
    readNamedFile(name, { path: [...at, field], dir, most: limits.certificateBytes, secret: field === 'key' }, checker)
  const cert = read('cert', written.cert)
  const key = read('key', written.key)
  const ca = written.ca === undefined ? null : read('ca', written.ca)
  if (cert === undefined || key === undefined || ca === undefined) return null
  const sound = (field: string, what: string, check: () => void): boolean => {
    try {
      check()
      return true
    } catch (error) {
      checker.error([...at, field], { message: `${what}: ${messageOf(error)}` })
      return false
    }
  }
  let first: X509Certificate | undefined
  const isCert = sound('cert', 'expected a certificate as PEM', () => void (first = new X509Certificate(cert)))
  const isKey = sound('key', 'expected a private key as PEM, without a passphrase', () => void createPrivateKey(key))
  const isCa = ca === null || sound('ca', 'expected certificates as PEM', () => void new X509Certificate(ca))
  if (!isCert || !isKey || !isCa || first === undefined) return null
  if (!first.checkPrivateKey(createPrivateKey(key))) {
    checker.error([...at, 'key'], { message: 'is not the key of this certificate' })
    return null
  }
  if (Date.parse(first.validTo) < Date.now()) {
    checker.warn([...at, 'cert'], { message: `this certificate has expired on ${first.validTo}: clients will refuse it` })
  }
  const whole = { cert, key, ca }
  // Loaded where a config speaks of TLS: it takes 6 MB, and every command line reads a config.
  const { createSecureContext } = process.getBuiltinModule('node:tls')
  const fits = sound('cert', "can't be used", () => void createSecureContext({ cert, key, ...(ca === null ? {} : { ca }) }))
  return fits ? whole : null
}
