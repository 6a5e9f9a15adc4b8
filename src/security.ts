import { createAccess, type Access } from './access.ts'
import type { Delivery } from './delivery.ts'
import type { Directory } from './directory.ts'
import { createLogins, networkOf } from './logins.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Command } from './protocol/command.ts'
import type { ControlRules } from './protocol/control-rules.ts'
import type { Statement } from './protocol/facts.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import { isRecord } from './protocol/json.ts'
import { lockdownInWords, type Lockdown } from './protocol/lockdown.ts'
import type { Ticket } from './protocol/login.ts'
import { originOf, type Principal, type Role } from './protocol/principal.ts'
import type { ReplyError } from './protocol/reply.ts'
import { createRepeats } from './repeats.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createStreamShare } from './stream-share.ts'

/**
 * What stands between callers and the gateway: who they are now, which rules hold now, and whether the fleet is locked down.
 * What is refused is written down, with who asked, and from where.
 */

export interface SecurityParts {
  readonly registry: ReadonlyMap<string, Command>
  readonly rules: ControlRules
  readonly directory: Pick<Directory, 'entry' | 'addresses' | 'listen'>
  readonly deliver: Delivery['deliver']
  state(statement: Statement): void
  /** Monotonic ms. */
  clock(): number
  /** Wall clock, ms. */
  readonly wall?: () => number
}

export interface Security {
  readonly access: Access
  /** As they are now. */
  rules(): ControlRules
  /** From now on these hold: whoever would not be let in as the same any more is cut off. */
  take(rules: ControlRules): void
  /** Calls back after each change of the rules; answers how to end that. */
  onChange(listener: () => void): () => void
  lockdown(): Lockdown | null
  /** A secret that lets somebody in once, by the login of this id. */
  ticket(login: string, issuer: Principal, role: Role): Ticket
  /** This connection is whoever was let in: with it ends what was for it alone. */
  carries(principal: Principal, connection: Address): void
  /** A login has ended: whoever used it is cut off. */
  loginOver(id: string, because: string): void
  /** The gateway, for callers. */
  before(gateway: Gateway): Gateway
  stop(): void
}

interface Refused {
  readonly principal: Principal
  readonly command: string
  readonly error: ReplyError
}

export function createSecurity({
  registry,
  rules: first,
  directory,
  deliver,
  state,
  clock,
  wall = Date.now,
}: SecurityParts): Security {
  const about = addressOf('supervisor', 'root')
  let rules = first
  const listeners = new Set<() => void>()
  const streams = createStreamShare()

  const logins = createRepeats<{ readonly via: string; readonly peer: string }>(({ via, peer }, count) => {
    const because = count === 1 ? `a wrong token from ${peer}` : `${count} wrong tokens, the last from ${peer}`
    state({ type: 'access.refused', about, because, data: { via, peer, count } })
  })
  const commands = createRepeats<Refused>(({ principal, command, error }, count) => {
    const because = count === 1 ? error.message : `${count} times: ${error.message}`
    const data = { command, code: error.code, rule: error.data['rule'] ?? 'role', ...originOf(principal), count }
    state({ type: 'command.refused', about, because, by: principal.name, data })
  })
  const sessions: Sessions = createSessions({
    clock,
    wall,
    tell: (id, event) => deliver(addressOf('login', id), event),
    current: (issuer) => access.current(issuer),
    loginOf: (issuer) => access.loginOf(issuer),
  })
  const access: Access = createAccess(first.access, {
    logins: createLogins({ clock }),
    sessions,
    refused: (via, peer) => logins.note(networkOf(peer), { via, peer }),
  })

  const lockdown = (): Lockdown | null => {
    const context = directory.entry(addressOf('lockdown', 'fleet'))?.snapshot.context as
      | { lockdown?: Lockdown | null }
      | undefined
    return context?.lockdown ?? null
  }

  /** Why this caller's command is not even looked at. */
  function refusal(principal: Principal, name: string, input: unknown): ReplyError | undefined {
    // The process itself: a signal that ends it, say. A config that is read again changes what runs, whoever has changed the file.
    if (principal.via === 'internal' && name !== reloading) return undefined
    const changes = registry.get(name)?.kind === 'mutation' && !harmless.has(name) && !endsLogin(name, input)
    const locked = changes ? lockdown() : null
    if (locked === null) return undefined
    const message = `${name} is refused: ${lockdownInWords(locked)}; \`hyphae lockdown off\` ends that`
    return { code: 'forbidden', message, data: { rule: 'lockdown', ...locked } }
  }
  const note = (principal: Principal, command: string, error: ReplyError): void => {
    // A program that was refused has left a fact of its own.
    if (error.code !== 'forbidden' || 'workflow' in error.data) return
    commands.note(`${principal.name} ${command} ${String(error.data['rule'])}`, { principal, command, error })
  }
  /** Who he is now, or why he gets no further. */
  function admitted(
    given: Principal,
    name: string,
    input: unknown,
  ): { readonly principal: Principal } | { readonly error: ReplyError } {
    const principal = access.current(given)
    if ('because' in principal) return { error: { code: 'unauthorized', message: principal.because, data: {} } }
    const error = refusal(principal, name, input)
    if (error === undefined) return { principal }
    note(principal, name, error)
    return { error }
  }

  /** Ends the connections of whoever there is a reason for. */
  function cutOff(reason: (principal: Principal) => string | undefined): void {
    for (const address of directory.addresses()) {
      if (parseAddress(address).kind !== 'connection') continue
      const known = directory.entry(address)?.snapshot.context['principal'] as Principal | null | undefined
      const because = known == null ? undefined : reason(known)
      if (because !== undefined) deliver(address, { type: 'CLOSE', because } as { type: string })
    }
  }

  return {
    access,
    rules: () => rules,
    lockdown,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    take(next) {
      rules = next
      access.take(next.access)
      for (const listener of listeners) listener()
      // First, while it is known why.
      cutOff((principal) => {
        const now = access.current(principal)
        return 'because' in now ? now.because : undefined
      })
      sessions.sweep()
    },
    ticket: sessions.issue,
    carries(principal, connection) {
      const id = access.loginOf(principal)
      if (id === undefined || !sessions.isForOne(id)) return
      const login = addressOf('login', id)
      deliver(login, { type: 'CARRIED' })
      const stop = directory.listen([connection], () => {
        if (directory.entry(connection) !== undefined) return
        stop()
        deliver(login, { type: 'DROPPED' })
      })
    },
    loginOver(id, because) {
      sessions.forget(id)
      // In a turn of its own: its machine is not done yet.
      queueMicrotask(() => {
        cutOff((principal) => (access.loginOf(principal) === id ? because : undefined))
        sessions.sweep()
      })
    },
    before: (gateway) => ({
      async invoke(given, name, input) {
        const one = admitted(given, name, input)
        if ('error' in one) return { ok: false, error: one.error }
        const reply = await gateway.invoke(one.principal, name, input)
        if (!reply.ok) note(one.principal, name, reply.error)
        return reply
      },
      subscribe(given, name, input, sink) {
        const one = admitted(given, name, input)
        if ('error' in one) return { error: one.error }
        const opened = streams.subscribe(one.principal, sink, (counted) => gateway.subscribe(one.principal, name, input, counted))
        if ('error' in opened) note(one.principal, name, opened.error)
        return opened
      },
      refused(principal, name, error) {
        if (principal !== null) note(principal, name, error)
      },
    }),
    stop() {
      logins.stop()
      commands.stop()
    },
  }
}

/** What comes of a signal, or of a file that is watched. */
const reloading = 'system.reload'
/** What a lockdown does not refuse: what ends it, and what changes nothing in the fleet. */
const harmless: ReadonlySet<string> = new Set(['system.lockdown', 'access.ticket'])
/** Takes somebody's access away: what a lockdown is for. */
const endsLogin = (name: string, input: unknown): boolean =>
  name === 'actor.send' && isRecord(input) && typeof input['to'] === 'string' && parseAddress(input['to']).kind === 'login'
