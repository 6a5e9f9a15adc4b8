import { createHash, timingSafeEqual } from 'node:crypto'
import process from 'node:process'
import { hostAndPort, isLoopback } from './protocol/endpoint.ts'
import type { Principal } from './protocol/principal.ts'
import { commandsOf } from './protocol/verbs.ts'

/** Who somebody is, by the way he comes: what the transport proves, and what a token proves. Nobody else is anybody. */

export interface AccessOptions {
  /** What callers over the network must present; null: whoever is on this machine may come without one, nobody else may. */
  readonly token: string | null
  /** The control verbs that callers over the network may use; null = all. */
  readonly allowedCommands: readonly string[] | null
}

export interface Access {
  /** Known without a token; null: a token is needed. `peer`: over the network an address with its port. */
  identify(scheme: string, peer: string): Principal | null
  authenticate(scheme: string, token: string): Principal | undefined
}

/** Whoever can open a unix socket of mode 0600 is the user who runs us. */
const localUser = (via: string): Principal => ({
  name: `local:${process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'user')}`,
  via,
  role: 'admin',
})

/** The same length for every secret, so that comparing takes the same time. */
const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest()

export function createAccess({ token, allowedCommands }: AccessOptions): Access {
  const only = allowedCommands === null ? {} : { only: commandsOf(allowedCommands) }
  const expected = token === null ? undefined : digest(token)
  return {
    identify(scheme, peer) {
      if (scheme === 'unix' || scheme === 'memory') return localUser('unix')
      if (expected !== undefined || !isLoopback(hostAndPort(`${scheme}:${peer}`).host)) return null
      return { name: 'local-operator', via: scheme, role: 'admin', ...only }
    },
    authenticate(scheme, given) {
      if (expected === undefined || !timingSafeEqual(digest(given), expected)) return undefined
      return { name: 'token:supervisor', via: scheme, role: 'admin', ...only }
    },
  }
}
