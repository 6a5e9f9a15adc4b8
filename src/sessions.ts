import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { LoginEvent, Ticket } from './protocol/login.ts'
import { limits } from './protocol/limits.ts'
import type { Origin, Principal, Role } from './protocol/principal.ts'

/**
 * The secrets of logins: tickets that let in once, and the tokens that they are given for. They are in memory alone, and not
 * even there as they are: only their digests. What becomes of a login is its actor's business, which is told.
 */

export interface SessionsParts {
  /** Monotonic ms. */
  clock(): number
  /** Wall clock, ms. */
  wall(): number
  /** Tells the actor of a login. */
  tell(id: string, event: LoginEvent): void
  /** Whoever made a ticket as he is now. */
  current(issuer: Principal): Principal | { readonly because: string }
  /** The login by which he was let in himself. */
  loginOf(issuer: Principal): string | undefined
}

export interface Login {
  readonly id: string
  /** Whoever uses it. */
  readonly name: string
  readonly role: Role
}

interface Held extends Login {
  readonly issuer: Principal
  /** Whose share of the places it takes: that of a token or of the local user, or that of the login that a guest came by first. */
  readonly share: string
  /** Its ticket was made by somebody who came by a login himself. */
  readonly isGuest: boolean
  /** null: nobody can show it again. */
  readonly digest: Buffer | null
  /** Monotonic ms. */
  readonly until: number
}

export interface Session extends Login {
  readonly token: string
  /** Wall clock, ISO 8601. */
  readonly expires: string
}

/** The same length for every secret, so that comparing takes the same time. */
export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

const byLogin = ' via inspector'
/** Whoever comes by a ticket of this one. */
export const loginName = ({ name }: Principal): string => (name.endsWith(byLogin) ? name : `${name}${byLogin}`)

export type Sessions = ReturnType<typeof createSessions>

export function createSessions({ clock, wall, tell, current, loginOf }: SessionsParts) {
  /** By id; of the tickets the oldest is first, of those in use the one that was not used for longest. */
  const tickets = new Map<string, Held>()
  const used = new Map<string, Held>()
  const expiresIn = (ms: number): string => new Date(wall() + ms).toISOString()

  /** All are compared, whichever it is, so that the time tells nothing. */
  function find(among: ReadonlyMap<string, Held>, proof: Buffer): Held | undefined {
    let found: Held | undefined
    for (const one of among.values()) if (one.digest !== null && timingSafeEqual(one.digest, proof)) found = one
    return found !== undefined && clock() < found.until ? found : undefined
  }

  /** Whoever makes many loses his own first, and where there are too many of all, whoever has most: nobody throws out others. */
  function makeRoom(among: Map<string, Held>, share: string): void {
    const shares = new Map<string, Held[]>()
    for (const one of among.values()) shares.set(one.share, [...(shares.get(one.share) ?? []), one])
    const own = shares.get(share) ?? []
    const most = (): readonly Held[] => [...shares.values()].reduce((a, b) => (b.length > a.length ? b : a), own)
    const gone = own.length >= limits.loginsEach ? own[0] : among.size >= limits.logins ? most()[0] : undefined
    if (gone === undefined) return
    among.delete(gone.id)
    tell(gone.id, { type: 'REPLACED' })
  }

  function hold(login: Held, digest: Buffer | null, ms: number): void {
    makeRoom(used, login.share)
    used.set(login.id, { ...login, digest, until: clock() + ms })
  }

  /** What guests make of one login counts together, whoever of them makes it. */
  function shareOf(issuer: Principal): string {
    const by = loginOf(issuer)
    const login = by === undefined ? undefined : used.get(by)
    if (login === undefined) return by ?? issuer.name
    return login.isGuest ? login.share : login.id
  }

  /** The login of a ticket, which from now on is worth nothing. */
  function redeem(proof: Buffer): Held | undefined {
    const found = find(tickets, proof)
    if (found === undefined) return undefined
    tickets.delete(found.id)
    const issuer = current(found.issuer)
    if (!('because' in issuer)) return found
    tell(found.id, { type: 'REVOKED', because: issuer.because })
    return undefined
  }

  return {
    /** A ticket for the login of this id. */
    issue(id: string, issuer: Principal, role: Role): Ticket {
      const ticket = randomBytes(limits.ticketBytes).toString('base64url')
      const name = loginName(issuer)
      const share = shareOf(issuer)
      const isGuest = loginOf(issuer) !== undefined
      makeRoom(tickets, share)
      tickets.set(id, { id, name, role, issuer, share, isGuest, digest: digestOf(ticket), until: clock() + limits.ticketTime })
      return { name, ticket, expires: expiresIn(limits.ticketTime) }
    },
    /** A token for a ticket. */
    open(proof: Buffer, from: Origin): Session | undefined {
      const login = redeem(proof)
      if (login === undefined) return undefined
      const token = randomBytes(limits.ticketBytes).toString('base64url')
      hold(login, digestOf(token), limits.sessionTime)
      tell(login.id, { type: 'USED', from, once: false })
      const { id, name, role } = login
      return { id, name, role, token, expires: expiresIn(limits.sessionTime) }
    },
    /** Who shows this token, or this ticket in place of one: it lets one connection in. */
    find(proof: Buffer, from: Origin): Login | undefined {
      const session = find(used, proof)
      if (session !== undefined) return session
      const login = redeem(proof)
      if (login === undefined) return undefined
      hold(login, null, limits.sessionTime)
      tell(login.id, { type: 'USED', from, once: true })
      return login
    },
    /** Ends the login of this token; false: it is none. */
    close(proof: Buffer): boolean {
      const session = find(used, proof)
      if (session === undefined) return false
      used.delete(session.id)
      tell(session.id, { type: 'END', by: session.name })
      return true
    },
    /** Was its ticket shown as a token, for one connection alone? */
    isForOne: (id: string): boolean => used.get(id)?.digest === null,
    /** May it go on? To ask is to use it. */
    stands(id: string): { readonly because: string } | undefined {
      const session = used.get(id)
      if (session === undefined || clock() >= session.until) return { because: 'this login has ended' }
      const issuer = current(session.issuer)
      if ('because' in issuer) return issuer
      used.delete(id)
      used.set(id, session)
      return undefined
    },
    /** Its secret is worth nothing from now on. */
    forget(id: string): void {
      tickets.delete(id)
      used.delete(id)
    },
    /** Ends those whose makers may not be here any more. */
    sweep(): void {
      for (const among of [tickets, used]) {
        // Whoever is asked for moves to the end.
        for (const { id, issuer } of Array.from(among.values())) {
          const now = current(issuer)
          if (!('because' in now) || !among.delete(id)) continue
          tell(id, { type: 'REVOKED', because: now.because })
        }
      }
    },
  }
}
