import { describe, expect, test } from 'vitest'
import { createAccess as create, type Access } from '../src/access.ts'
import { createLogins } from '../src/logins.ts'
import type { AccessRules } from '../src/protocol/control-rules.ts'
import { limits } from '../src/protocol/limits.ts'
import type { LoginEvent } from '../src/protocol/login.ts'
import type { Principal } from '../src/protocol/principal.ts'
import type { Proof } from '../src/protocol/proof.ts'
import { createSessions } from '../src/sessions.ts'

/** With the clock that logins go by, and what their actors are told. */
function withLogins(rules: AccessRules) {
  let now = 0
  const refused: string[] = []
  const told: Array<readonly [string, LoginEvent['type']]> = []
  const sessions = createSessions({
    clock: () => now,
    wall: () => now,
    tell: (id, { type }) => told.push([id, type]),
    current: (issuer) => access.current(issuer),
    loginOf: (issuer) => access.loginOf(issuer),
  })
  const access: Access = create(rules, {
    logins: createLogins({ clock: () => now }),
    sessions,
    refused: (via) => refused.push(via),
  })
  let ids = 0
  return {
    access,
    sessions,
    told,
    refused,
    pass: (ms: number) => void (now += ms),
    /** As the gateway has it: made by whoever he is now. */
    ticket(by: Principal, role = by.role): string {
      const now = access.current(by)
      if ('because' in now) throw new Error(now.because)
      return sessions.issue(`l${++ids}`, now, role).ticket
    },
  }
}

const open = { token: null, allowedCommands: null }
const createAccess = (rules: AccessRules) => withLogins(rules).access
const here = '127.0.0.1:40123'
const wrong = { rejected: { hold: 0, retryAfter: null } }

describe('whoever comes without a token', () => {
  test.each(['127.0.0.1:40123', '127.8.9.1:1', '[::1]:40123', '[::ffff:127.0.0.1]:40123'])('from %s is local', (peer) => {
    expect(createAccess(open).identify('tcp', peer)).toEqual({ name: 'local-operator', via: 'tcp', peer, role: 'admin' })
  })

  test.each(['10.0.0.1:40123', '[2001:db8::1]:40123', '[::ffff:10.0.0.1]:1', 'unknown:0', '127.0.0.1.example:1', ''])(
    'from %j is nobody',
    (peer) => {
      expect(createAccess(open).identify('http', peer)).toBeNull()
    },
  )

  test('is nobody once a token is needed, but for the unix socket', () => {
    const access = createAccess({ token: 'secret', allowedCommands: null })
    expect(access.identify('tcp', '127.0.0.1:40123')).toBeNull()
    expect(access.identify('unix', 'unix')).toMatchObject({ via: 'unix', role: 'admin' })
  })
})

test('a token is that of the config or none', () => {
  const access = createAccess({ token: 'secret', allowedCommands: ['restart'] })
  expect(access.authenticate('http', 'secret', here)).toMatchObject({
    principal: { name: 'token:supervisor', only: ['service.restart'], peer: here },
  })
  for (const other of ['', 'secre', 'secret ', 'Secret']) expect(access.authenticate('http', other, here)).toEqual(wrong)
  expect(createAccess(open).authenticate('http', '', here)).toEqual(wrong)
})

const token = (name: string, role: Principal['role'] = 'admin') => ({ name, token: `secret-${name}`, role })
const principalOf = (proof: Proof): Principal => {
  if ('rejected' in proof) throw new Error('rejected')
  return proof.principal
}

describe('a ticket', () => {
  const guarded = { token: null, tokens: [token('ci', 'operator')], allowedCommands: null }
  const begin = (rules: AccessRules = guarded) => {
    const all = withEnter(rules)
    return { ...all, ci: principalOf(all.access.authenticate('http', 'secret-ci', here)) }
  }

  test('is given for a token once, which is whoever made it, in the role that was asked for', () => {
    const { access, ci, ticket, enter, told, pass } = begin()
    const first = ticket(ci, 'viewer')
    expect(first).toMatch(/^[\w-]{43}$/)
    const session = enter(first)
    expect(session).toMatchObject({
      id: 'l1',
      name: 'token:ci via inspector',
      role: 'viewer',
      expires: '1970-01-01T12:00:00.000Z',
    })
    expect(session.token).not.toBe(first)
    expect(access.login('http', first, here)).toEqual(wrong)
    expect(access.authenticate('http', first, here)).toMatchObject({ rejected: {} })
    pass(limits.sessionTime - 1)
    for (let time = 0; time < 3; time++) {
      expect(access.authenticate('https', session.token, here)).toEqual({
        principal: { name: 'token:ci via inspector', via: 'https', peer: here, role: 'viewer' },
      })
    }
    expect(told).toEqual([['l1', 'USED']])
  })

  test('is worth nothing after its minute, nor is a token after its half day', () => {
    const { access, ci, ticket, enter, pass } = begin()
    const late = ticket(ci)
    pass(limits.ticketTime - 1)
    const session = enter(ticket(ci))
    const visitor = principalOf(access.authenticate('http', session.token, here))
    pass(1)
    expect(access.login('http', late, here)).toEqual(wrong)
    expect(access.authenticate('http', late, here)).toEqual(wrong)
    pass(limits.sessionTime - 2)
    expect(access.current(visitor)).toEqual(visitor)
    pass(1)
    expect(access.current(visitor)).toEqual({ because: 'this login has ended' })
    expect(access.authenticate('http', session.token, here)).toMatchObject({ rejected: {} })
  })

  test('shown as a token lets one in, once', () => {
    const { access, ci, ticket, told } = begin()
    const one = ticket(ci)
    const visitor = principalOf(access.authenticate('http', one, here))
    expect(visitor).toMatchObject({ name: 'token:ci via inspector', role: 'operator' })
    expect(access.current(visitor)).toEqual(visitor)
    expect(access.authenticate('http', one, here)).toEqual(wrong)
    expect(access.login('http', one, here)).toEqual(wrong)
    expect(told).toEqual([['l1', 'USED']])
  })

  test('that is wrong counts as a wrong token does', () => {
    const { access, refused } = begin()
    const answers = Array.from({ length: 9 }, (_, index) =>
      index % 2 === 0 ? access.login('http', `x${index}`, here) : access.authenticate('http', `x${index}`, here),
    )
    expect(answers.at(-1)).toEqual({ rejected: { hold: 0, retryAfter: 2 } })
    expect(refused).toHaveLength(9)
  })

  test('lasts as long as the token of whoever made it, and what it led to', () => {
    const { access, ci, ticket, enter, sessions, told } = begin()
    const visitor = principalOf(access.authenticate('http', enter(ticket(ci)).token, here))
    // Made by whoever came by a ticket: it ends with that.
    const guest = principalOf(access.authenticate('http', enter(ticket(visitor, 'viewer')).token, here))
    expect(guest.name).toBe('token:ci via inspector')
    const unused = ticket(ci)
    access.take({ ...guarded, tokens: [token('other')] })
    for (const one of [visitor, guest]) expect(access.current(one)).toEqual({ because: 'token:ci is not valid any more' })
    expect(access.login('http', unused, here)).toEqual(wrong)
    sessions.sweep()
    expect(told).toEqual([
      ['l1', 'USED'],
      ['l2', 'USED'],
      ['l3', 'REVOKED'],
      ['l1', 'REVOKED'],
      ['l2', 'REVOKED'],
    ])
  })

  test('has only what is permitted over the network, whoever made it', () => {
    const { access, enter, ticket } = begin({ ...guarded, allowedCommands: ['restart'] })
    const local = access.identify('unix', 'unix')
    if (local === null) throw new Error('nobody')
    const visitor = principalOf(access.authenticate('http', enter(ticket(local)).token, here))
    expect(visitor).toMatchObject({ name: `${local.name} via inspector`, role: 'admin', only: ['service.restart'] })
    access.take({ ...guarded, allowedCommands: ['status'] })
    expect(access.current(visitor)).toMatchObject({ only: expect.arrayContaining(['system.status']) as string[] })
  })

  test('of somebody who needed no token ends once one is needed', () => {
    const { access, enter, ticket } = withEnter(open)
    const local = access.identify('http', here)
    if (local === null) throw new Error('nobody')
    const visitor = principalOf(access.authenticate('http', enter(ticket(local)).token, here))
    const now = access.current(visitor)
    expect(now).toEqual(visitor)
    access.take(guarded)
    expect(access.current(visitor)).toEqual({ because: 'a token is needed now' })
  })

  test('is ended by its own token, and by no other', () => {
    const { access, ci, enter, ticket, told } = begin()
    const session = enter(ticket(ci))
    expect([access.logout('secret-ci'), access.logout('x'), access.logout(session.token)]).toEqual([false, false, true])
    expect(access.logout(session.token)).toBe(false)
    expect(access.authenticate('http', session.token, here)).toEqual(wrong)
    expect(told).toEqual([
      ['l1', 'USED'],
      ['l1', 'END'],
    ])
  })

  test('too many: whoever makes them loses his own, the one that was unused for longest', () => {
    const { access, ci, enter, ticket, told } = begin()
    const local = access.identify('unix', 'unix')
    if (local === null) throw new Error('nobody')
    const admins = enter(ticket(local))
    const all = Array.from({ length: limits.loginsEach }, () => enter(ticket(ci)))
    const [first, second] = all
    if (first === undefined || second === undefined) throw new Error('none')
    access.authenticate('http', first.token, here)
    access.current(principalOf(access.authenticate('http', first.token, here)))
    enter(ticket(ci))
    expect(told.filter(([, type]) => type === 'REPLACED')).toEqual([[second.id, 'REPLACED']])
    expect(access.authenticate('http', second.token, here)).toMatchObject({ rejected: {} })
    for (const kept of [first, admins]) expect(access.authenticate('http', kept.token, here)).toHaveProperty('principal')
    // Tickets that nobody uses are no more than that either.
    const unused = Array.from({ length: limits.loginsEach + 1 }, () => ticket(ci))
    expect(access.login('http', unused[0] ?? '', here)).toMatchObject({ rejected: {} })
    expect(access.login('http', unused[1] ?? '', here)).toHaveProperty('token')
  })

  test('a guest who makes many throws out nobody but guests of the same login', () => {
    const { access, ci, enter, ticket, told } = begin()
    const own = Array.from({ length: limits.loginsEach - 2 }, () => enter(ticket(ci)))
    const [guest, other] = [enter(ticket(ci, 'viewer')), enter(ticket(ci, 'viewer'))]
    const others = enter(ticket(principalOf(access.authenticate('http', other.token, here))))
    const ofOther = ticket(principalOf(access.authenticate('http', other.token, here)))
    let by = guest
    // By those whom he has let in, too, and with tickets that nobody uses.
    for (let count = 0; count < 3 * limits.loginsEach; count++) {
      const principal = principalOf(access.authenticate('http', (count % 5 === 0 ? guest : by).token, here))
      ticket(principal)
      by = enter(ticket(principal))
    }
    const gone = new Set(told.flatMap(([id, type]) => (type === 'REPLACED' ? [id] : [])))
    expect(gone.size).toBeGreaterThan(limits.loginsEach)
    for (const kept of [...own, guest, other, others])
      expect(access.authenticate('http', kept.token, here)).toHaveProperty('principal')
    expect(access.login('http', ofOther, here)).toHaveProperty('token')
  })

  test('too many of all: whoever has most loses one', () => {
    const many = Array.from({ length: limits.logins / limits.loginsEach + 1 }, (_, index) => token(`m${index}`))
    const { access, enter, ticket } = withEnter({ ...guarded, tokens: [token('ci'), ...many] })
    const by = (name: string): Principal => principalOf(access.authenticate('http', `secret-${name}`, here))
    const first = enter(ticket(by('ci')))
    for (const { name } of many) for (let count = 0; count < limits.loginsEach; count++) enter(ticket(by(name)))
    expect(access.authenticate('http', first.token, here)).toHaveProperty('principal')
  })
})

function withEnter(rules: AccessRules) {
  const all = withLogins(rules)
  return {
    ...all,
    enter(ticket: string) {
      const session = all.access.login('http', ticket, here)
      if ('rejected' in session) throw new Error('rejected')
      return session
    },
  }
}
