import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { HyphaeError, messageOf, systemCode } from './protocol/errors.ts'
import { limits } from './protocol/limits.ts'
import { peerIdOf, peerKeyOf } from './protocol/peer-id.ts'

/**
 * Who a state folder is to other machines: an Ed25519 key in `identity.key` (PKCS8 PEM, mode 0600), made when it is first
 * needed. Only its public half is ever shown.
 */
export interface Identity {
  /** 64 hexadecimal digits: the public key. */
  readonly key: string
  /** The same key as libp2p writes it. */
  readonly peerId: string
}

export const identityPathOf = (stateDir: string): string => join(stateDir, 'identity.key')

/** The identity of a state folder; makes folder and key where they are missing. */
export function identityOf(stateDir: string): Identity {
  const path = identityPathOf(stateDir)
  const key = readKey(path) ?? makeKey(stateDir, path)
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const bytes = Buffer.from(x, 'base64url')
  return { key: peerKeyOf(bytes), peerId: peerIdOf(bytes) }
}

const wrong = (path: string, what: string, next: string): HyphaeError =>
  new HyphaeError('failed', `${path} ${what}; ${next}`, { path })

const otherwise = 'put the right file in its place, or remove it for a new identity'

/** Undefined where there is none yet. */
function readKey(path: string): KeyObject | undefined {
  let file: number
  try {
    // Never follows a link, and never waits for the other end of a pipe.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    if (systemCode(error) === 'ELOOP') throw wrong(path, 'is a link; it must be a file of its own', otherwise)
    throw wrong(path, `cannot be read: ${messageOf(error)}`, 'it must be readable for you alone')
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw wrong(path, 'is no file', otherwise)
    const mode = stat.mode & 0o777
    if ((mode & 0o077) !== 0) {
      const seen = `is open to others (mode 0${mode.toString(8)})`
      throw wrong(path, seen, `if nobody has read it: chmod 600 ${path}; otherwise remove it for a new identity`)
    }
    if (stat.uid !== process.getuid?.()) throw wrong(path, `belongs to another user (uid ${stat.uid})`, otherwise)
    const bytes = Buffer.alloc(limits.identityBytes)
    return parseKey(bytes.toString('latin1', 0, readSync(file, bytes)), path)
  } finally {
    closeSync(file)
  }
}

function parseKey(text: string, path: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    // What the parser says may quote what it saw.
    throw wrong(path, 'holds no private key (expected an Ed25519 key, PKCS8 PEM)', otherwise)
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  throw wrong(path, `holds a key of type ${key.asymmetricKeyType ?? 'unknown'} (expected Ed25519)`, otherwise)
}

/** Whole and synced before it has its name: of two that make one at once the first wins, and both answer its key. */
function makeKey(stateDir: string, path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519')
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    const file = openSync(draft, 'wx', 0o600)
    try {
      writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    linkSync(draft, path)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') {
      throw new HyphaeError('storage', `the identity cannot be written to ${path}: ${messageOf(error)}`, { path })
    }
  } finally {
    rmSync(draft, { force: true })
  }
  const key = readKey(path)
  if (key === undefined) throw wrong(path, 'went away while it was read', 'try again')
  return key
}
