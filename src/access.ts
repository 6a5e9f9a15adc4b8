import { timingSafeEqual } from 'node:crypto'
import process from 'node:process'
import type { Logins } from './logins.ts'
import type { AccessRules, Credential } from './protocol/control-rules.ts'
import { hostAndPort, isLoopback } from './protocol/endpoint.ts'
import type { Principal, Role } from './protocol/principal.ts'
import type { Proof, Rejection } from './protocol/proof.ts'
import { commandsOf } from './protocol/verbs.ts'
import { digestOf, type Login, type Session, type Sessions } from './sessions.ts'

/** Who somebody is, by the way he comes: what the transport proves, and what a token proves. Nobody else is anybody. */

export interface AccessParts {
  readonly logins: Logins
  readonly sessions: Pick<Sessions, 'find' | 'open' | 'close' | 'stands'>
  /** A wrong token was shown. */
  refused(via: string, peer: string): void
}

export interface Access {
  /** Known without a token; null: a token is needed. `peer`: over the network an address with its port. */
  identify(scheme: string, peer: string): Principal | null
  authenticate(scheme: string, token: string, peer: string): Proof
  /** A token for a ticket, which is worth nothing from then on. */
  login(scheme: string, ticket: string, peer: string): Session | { readonly rejected: Rejection }
  /** Ends the login of this token; false: it is that of no login. */
  logout(token: string): boolean
  /** The login by which he was let in. */
  loginOf(principal: Principal): string | undefined
  /** Whoever was let in as he is now; a reason where he would not be let in as the same any more. */
  current(principal: Principal): Principal | { readonly because: string }
  /** From now on other rules hold. */
  take(rules: AccessRules): void
}

/** Whoever can open a unix socket of mode 0600 is the user who runs us. */
const localUser = (via: string): Principal => ({
  name: `local:${process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'user')}`,
  via,
  role: 'admin',
})

interface Known {
  readonly name: string
  readonly role: Role
  readonly digest: Buffer
}

/** A protocol whose callers can be told to come later. */
const hasStatus = (scheme: string): boolean => scheme === 'http' || scheme === 'https'

export function createAccess(first: AccessRules, { logins, sessions, refused }: AccessParts): Access {
  let known: readonly Known[] = []
  let only: Pick<Principal, 'only'> = {}
  /** By what each was let in; null: by coming from this machine. */
  const letIn = new WeakMap<Principal, Known | null>()
  const byLogin = new WeakMap<Principal, string>()

  const take = ({ token, tokens = [], allowedCommands }: AccessRules): void => {
    const own: Credential[] = token === null ? [] : [{ name: 'supervisor', token, role: 'admin' }]
    known = [...own, ...tokens].map((one) => ({ name: one.name, role: one.role, digest: digestOf(one.token) }))
    only = allowedCommands === null ? {} : { only: commandsOf(allowedCommands) }
  }
  take(first)

  const admitted = (by: Known | null, principal: Principal): Principal => {
    letIn.set(principal, by)
    return principal
  }
  /** All are compared, whichever it is, so that the time tells nothing. */
  const find = (proof: Buffer): Known | undefined => {
    let found: Known | undefined
    for (const one of known) if (timingSafeEqual(one.digest, proof)) found = one
    return found
  }
  const reject = (scheme: string, peer: string): { readonly rejected: Rejection } => {
    const rejected = logins.failed(peer, !hasStatus(scheme))
    refused(scheme, peer)
    return { rejected }
  }
  /** Over the network what is permitted there alone holds for everybody, whoever made his ticket. */
  const guest = ({ id, name, role }: Login, via: string, peer: string | undefined): Principal => {
    const principal = { name, via, ...(peer === undefined ? {} : { peer }), role, ...only }
    byLogin.set(principal, id)
    return principal
  }
  return {
    take,
    identify(scheme, peer) {
      if (scheme === 'unix' || scheme === 'memory') return localUser('unix')
      if (known.length > 0 || !isLoopback(hostAndPort(`${scheme}:${peer}`).host)) return null
      return admitted(null, { name: 'local-operator', via: scheme, peer, role: 'admin', ...only })
    },
    authenticate(scheme, given, peer) {
      const proof = digestOf(given)
      const found = find(proof)
      if (found === undefined) {
        const login = sessions.find(proof, { via: scheme, peer })
        return login === undefined ? reject(scheme, peer) : { principal: guest(login, scheme, peer) }
      }
      const { name, role } = found
      return { principal: admitted(found, { name: `token:${name}`, via: scheme, peer, role, ...only }) }
    },
    login: (scheme, ticket, peer) => sessions.open(digestOf(ticket), { via: scheme, peer }) ?? reject(scheme, peer),
    logout: (token) => sessions.close(digestOf(token)),
    loginOf: (principal) => byLogin.get(principal),
    current(principal) {
      const id = byLogin.get(principal)
      if (id !== undefined) {
        const { name, role, via, peer } = principal
        return sessions.stands(id) ?? guest({ id, name, role }, via, peer)
      }
      const by = letIn.get(principal)
      // The local user, and whoever was not let in by us.
      if (by === undefined) return principal
      const { only: _, ...rest } = principal
      const now = { ...rest, ...only }
      if (by === null) return known.length === 0 ? admitted(by, now) : { because: 'a token is needed now' }
      const same = known.find((one) => one.digest.equals(by.digest))
      if (same === undefined) return { because: `${principal.name} is not valid any more` }
      if (same.name !== by.name) return { because: `the token of ${principal.name} is that of token:${same.name} now` }
      if (same.role !== by.role) return { because: `${principal.name} has the role ${same.role} now` }
      return admitted(by, now)
    },
  }
}
