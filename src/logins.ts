import { hostAndPort } from './protocol/endpoint.ts'
import { limits } from './protocol/limits.ts'
import type { Rejection } from './protocol/proof.ts'

/**
 * Counts wrong tokens by the address that they come from. The first few are answered at once, the next ones later and later,
 * and then the caller is told to stay away. A right token is never slowed down: nobody can lock the operator out by guessing.
 */

export interface LoginsParts {
  /** Monotonic ms. */
  clock(): number
}

export interface Logins {
  /** A wrong token came from there. `patient`: this caller can't be told to come later, so his answer is held back for longer. */
  failed(peer: string, patient: boolean): Rejection
}

export function createLogins({ clock }: LoginsParts): Logins {
  /** Whoever was quiet longest comes first. */
  const known = new Map<string, { readonly failures: number; readonly at: number }>()
  /** When each of the answers that are held back leaves. */
  let held: number[] = []

  const count = (network: string, now: number): number => {
    const before = known.get(network)
    const failures = before === undefined || now - before.at > limits.failedLoginMemory ? 1 : before.failures + 1
    known.delete(network)
    known.set(network, { failures, at: now })
    const [oldest] = known.keys()
    if (known.size > limits.failedLoginAddresses && oldest !== undefined) known.delete(oldest)
    return failures
  }
  return {
    failed(peer, patient) {
      const now = clock()
      const late = count(networkOf(peer), now) - limits.failedLogins
      if (late <= 0) return { hold: 0, retryAfter: null }
      held = held.filter((until) => until > now)
      const away = Math.max(0, late - limits.failedLoginHolds)
      const hasRoom = held.length < limits.heldAnswers
      const pause = Math.min(limits.failedLoginPause, 2 ** Math.min(away, 30))
      const retryAfter = away > 0 || !hasRoom ? pause : null
      if (!hasRoom || (retryAfter !== null && !patient)) return { hold: 0, retryAfter }
      const hold = Math.min(limits.failedLoginHoldMost, limits.failedLoginHold * 2 ** Math.min(late - 1, 30))
      held.push(now + hold)
      return { hold, retryAfter }
    },
  }
}

/** An IPv4 address; of an IPv6 address the network of 64 bits, in which one machine may have any number of addresses. */
export function networkOf(peer: string): string {
  const host = hostAndPort(`tcp:${peer}`).host.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/.exec(host)?.[1]
  if (mapped !== undefined) return mapped
  if (!host.includes(':')) return host
  const [left = '', right] = host.split('::')
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'))
  const head = groups(left)
  const tail = groups(right)
  const all =
    right === undefined ? head : [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail]
  const network = all.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${network.join(':')}::/64`
}
