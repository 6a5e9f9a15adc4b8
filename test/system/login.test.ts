import { afterEach, describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import type { ReadConfig } from '../../src/protocol/reload.ts'
import { noPrograms } from '../../src/protocol/program.ts'
import type { Principal } from '../../src/protocol/principal.ts'
import { eventually } from '../support/eventually.ts'
import { ask, connectionsOf, dial, exchange, httpFleet, json, raw, type HttpFleet } from '../support/http.ts'

/** Logins through real listeners: a ticket for a token, and what becomes of that. */

const access = {
  token: null,
  tokens: [
    { name: 'ops', token: 'admin-token-of-many-characters', role: 'admin' },
    { name: 'ci', token: 'operator-token-of-many-characters', role: 'operator' },
  ],
  allowedCommands: null,
} as const
let fleet: HttpFleet | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})
const start = async (options: Parameters<typeof httpFleet>[0] = {}): Promise<HttpFleet> => {
  fleet = await httpFleet({ access, ...options })
  return fleet
}
const local: Principal = { name: 'local:root', via: 'unix', role: 'admin' }
const bearer = (token: string) => ({ ...json, authorization: `Bearer ${token}` })
const ticketOf = async (one: HttpFleet, role?: 'viewer' | 'operator' | 'admin', by: Principal = local) =>
  one.call('access.ticket', role === undefined ? {} : { role }, by)
const login = (origin: string, body: unknown, headers: Record<string, string> = json): Promise<Response> =>
  fetch(`${origin}/login`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
async function enter(one: HttpFleet, role?: 'viewer' | 'operator' | 'admin', by: Principal = local) {
  const { ticket, login: address } = await ticketOf(one, role, by)
  const response = await login(one.origin, { ticket })
  expect(response.status).toBe(200)
  return { ...((await response.json()) as { token: string; name: string; role: string; expires: string }), address, ticket }
}
const factsOf = ({ facts }: HttpFleet, type: string) => facts.filter((fact) => fact.type === type)
const stateOf = ({ orchestrator }: HttpFleet, address: string) => orchestrator.view.actor(address)?.state

describe('a ticket', () => {
  test('is given for a token, with which whoever has it does what its role permits', async () => {
    const one = await start()
    const { token, name, role, expires, address } = await enter(one, 'operator')
    expect([name, role]).toEqual(['local:root via inspector', 'operator'])
    expect(Date.parse(expires) - Date.now()).toBeGreaterThan(limits.sessionTime - 60_000)
    expect((await ask(one.origin, 'system.whoami', {}, bearer(token))).result).toMatchObject({ name, role, via: 'http' })
    expect((await ask(one.origin, 'service.restart', { services: ['web'] }, bearer(token))).error).toBeUndefined()
    expect((await ask(one.origin, 'system.reload', {}, bearer(token))).error?.data['code']).toBe('forbidden')
    const asked = factsOf(one, 'command.accepted').filter(({ by }) => by === name)
    expect(asked.map(({ because }) => because)).toEqual(['service.restart'])
    expect(stateOf(one, address)).toBe('inUse')
    expect(['access.ticket', 'access.login'].map((type) => factsOf(one, type).map(({ by, about }) => [by, about]))).toEqual([
      [['local:root', address]],
      [['local:root via inspector', address]],
    ])
    expect(factsOf(one, 'access.login')[0]?.data).toMatchObject({
      via: 'http',
      peer: expect.stringContaining('127.0.0.1:') as string,
    })
  })

  test('works once: shown again it is wrong, and of two at once one is too late', async () => {
    const one = await start()
    const { ticket } = await ticketOf(one)
    const statuses = await Promise.all(Array.from({ length: 4 }, async () => (await login(one.origin, { ticket })).status))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401])
    const again = await login(one.origin, { ticket })
    expect(((await again.json()) as { error: { code: string } }).error.code).toBe(
      again.status === 429 ? 'overloaded' : 'unauthorized',
    )
    await eventually(() => expect(factsOf(one, 'access.refused').length).toBeGreaterThan(0))
  })

  test('is neither in a fact, in an actor, nor in the journal', async () => {
    const one = await start()
    const { token, ticket } = await enter(one)
    const { events } = await one.call('events.read', { limit: 1000 })
    const actors = await one.call('actor.list', {})
    const contexts = await one.call('inspection.context', {})
    const told = JSON.stringify([one.facts, events, actors, contexts])
    expect([told.includes(token), told.includes(ticket)]).toEqual([false, false])
    const raised = await ask(one.origin, 'access.ticket', { request_id: 'a' }, bearer(token))
    expect(raised.error?.data).toMatchObject({ code: 'invalid_params', field: 'request_id' })
  })

  test('never permits more than whoever made it', async () => {
    const one = await start()
    const operator = bearer('operator-token-of-many-characters')
    const wider = await ask(one.origin, 'access.ticket', { role: 'admin' }, operator)
    expect(wider.error?.data).toMatchObject({ code: 'forbidden', field: 'role' })
    const { result } = await ask(one.origin, 'access.ticket', {}, operator)
    expect(result?.['role']).toBe('operator')
    const viewer = await enter(one, 'viewer')
    expect((await ask(one.origin, 'access.ticket', { role: 'operator' }, bearer(viewer.token))).error?.data['code']).toBe(
      'forbidden',
    )
  })

  test('shown as a token on a WebSocket it is for that connection alone, and ends with it', async () => {
    const one = await start()
    const { ticket, login: address } = await ticketOf(one, 'viewer')
    const first = dial(one.port, { headers: { authorization: `Bearer ${ticket}` } })
    await first.opened()
    first.ask(1, 'system.whoami')
    expect((await first.answer(1)).result).toMatchObject({ role: 'viewer' })
    await eventually(() => expect(stateOf(one, address)).toBe('inUse'))
    const second = dial(one.port, { headers: { authorization: `Bearer ${ticket}` } })
    expect(await second.refused()).toBe(401)
    first.socket.close()
    await eventually(() => expect(stateOf(one, address)).toBe('ended'))
    expect(factsOf(one, 'access.loginEnded').map(({ because }) => because)).toEqual(['its connection has gone'])
  })

  test('is made, and used, while the fleet is locked down; nothing is changed by it', async () => {
    const one = await start()
    await one.call('system.lockdown', { on: true, reason: 'a break-in' })
    const { token, address } = await enter(one)
    expect((await ask(one.origin, 'system.status', {}, bearer(token))).error).toBeUndefined()
    expect((await ask(one.origin, 'service.stop', { services: ['web'] }, bearer(token))).error?.data['rule']).toBe('lockdown')
    // It may be what the lockdown is for.
    await one.call('actor.send', { to: address, event: { type: 'END' } })
    await eventually(() => expect(stateOf(one, address)).toBe('ended'))
  })

  test('may do over the network only what is permitted there', async () => {
    const one = await start({ access: { ...access, allowedCommands: ['status'] } })
    const { token } = await enter(one)
    const answer = await ask(one.origin, 'service.stop', { services: ['web'] }, bearer(token))
    expect(answer.error?.data['rule']).toBe('security.allowed_commands')
  })
})

describe('a login ends', () => {
  const openSocket = async (one: HttpFleet, token: string) => {
    const socket = dial(one.port, { headers: { authorization: `Bearer ${token}` } })
    await socket.opened()
    // It is a connection, and not only a link.
    socket.ask(1, 'system.whoami')
    await socket.answer(1)
    return socket
  }
  const refusedNow = async (one: HttpFleet, token: string) =>
    expect((await fetch(`${one.origin}/rpc`, { method: 'POST', headers: bearer(token), body: '{}' })).status).toBe(401)

  test('by POST /logout, for its own token alone', async () => {
    const one = await start()
    const { token, address } = await enter(one)
    const socket = await openSocket(one, token)
    const logout = async (given: string) =>
      (await fetch(`${one.origin}/logout`, { method: 'POST', headers: bearer(given) })).status
    expect(await logout('admin-token-of-many-characters')).toBe(400)
    expect(await logout(token)).toBe(204)
    expect(await socket.closed()).toMatchObject({
      reason: expect.stringContaining('ended by local:root via inspector') as string,
    })
    expect(stateOf(one, address)).toBe('ended')
    await refusedNow(one, token)
    expect(await logout(token)).toBe(401)
  })

  test('by END, as any actor hears it: what it had open is cut off', async () => {
    const one = await start()
    const { token, address } = await enter(one, 'operator')
    const socket = await openSocket(one, token)
    expect(one.orchestrator.view.actor(address)?.accepts).toEqual(['END'])
    expect(
      (await ask(one.origin, 'actor.send', { to: address, event: { type: 'END' } }, bearer((await enter(one, 'viewer')).token)))
        .error?.data['code'],
    ).toBe('forbidden')
    await one.call('actor.send', { to: address, event: { type: 'END' } }, { ...local, name: 'local:me' })
    expect(await socket.closed()).toMatchObject({ reason: expect.stringContaining('ended by local:me') as string })
    await refusedNow(one, token)
    expect(factsOf(one, 'access.loginEnded').map(({ because, by }) => [because, by])).toEqual([['ended by local:me', 'local:me']])
  })

  test('with the token of whoever made it, when the config is read again', async () => {
    const rules = {
      access: { ...access, tokens: access.tokens.filter(({ name }) => name !== 'ci') },
      programs: noPrograms,
      allowedOrigins: [],
      allowedHosts: [],
      certificates: {},
    }
    const loadConfig = async () => {
      const { view } = one.orchestrator
      const services = view.serviceNames().map((name) => view.serviceDetail(name)?.spec)
      return { path: '/nowhere', services, rules } as ReadConfig
    }
    const one: HttpFleet = await start({ loadConfig })
    const made = await ask(one.origin, 'access.ticket', {}, bearer('operator-token-of-many-characters'))
    const { token } = (await (await login(one.origin, { ticket: made.result?.['ticket'] })).json()) as { token: string }
    const kept = await enter(one)
    const [socket, other] = [await openSocket(one, token), await openSocket(one, kept.token)]
    const reply = await one.call('system.reload', {})
    expect(reply).toBeDefined()
    expect(await socket.closed()).toMatchObject({ reason: expect.stringContaining('token:ci is not valid any more') as string })
    await refusedNow(one, token)
    await eventually(() => expect(stateOf(one, String(made.result?.['login']))).toBe('revoked'))
    other.ask(2, 'system.whoami')
    expect((await other.answer(2)).result).toMatchObject({ name: 'local:root via inspector' })
  })
})

describe('what comes to /login', () => {
  test('is a short JSON object with a ticket, by POST', async () => {
    const { origin, port } = await start()
    const told = async (body: unknown, headers?: Record<string, string>) => {
      const response = await login(origin, body, headers)
      return [response.status, ((await response.json()) as { error: { code: string } }).error.code]
    }
    for (const body of ['', '{', '[]', 'null', '{}', { ticket: 1 }, { ticket: 'x', more: 1 }, { token: 'x' }])
      expect(await told(body)).toEqual([400, 'invalid_params'])
    expect(await told({ ticket: 'x'.repeat(limits.loginBytes) })).toEqual([413, 'too_large'])
    expect(await told('{}', { 'content-type': 'text/plain' })).toEqual([415, 'invalid_request'])
    expect((await fetch(`${origin}/login`)).status).toBe(405)
    expect((await fetch(`${origin}/login`, { method: 'PUT', body: '{}', headers: json })).status).toBe(405)
    // A body without an end is not read to its end.
    const endless = raw(port)
    endless.say('POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
    endless.say(`${(limits.loginBytes + 1).toString(16)}\r\n${'x'.repeat(limits.loginBytes + 1)}\r\n`)
    expect(await endless.answer()).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('from a page elsewhere, or by another name of ours, is refused before it is read', async () => {
    const one = await start()
    const { ticket } = await ticketOf(one)
    const body = JSON.stringify({ ticket })
    const say = (...headers: string[]) =>
      exchange(
        one.port,
        [
          'POST /login HTTP/1.1',
          'Content-Type: application/json',
          ...headers,
          `Content-Length: ${body.length}`,
          'Connection: close',
          '',
          body,
        ].join('\r\n'),
      )
    for (const headers of [
      ['Host: localhost', 'Origin: http://evil.example'],
      ['Host: localhost', 'Origin: null'],
      ['Host: localhost', 'Sec-Fetch-Site: cross-site'],
      ['Host: evil.example'],
    ])
      expect(await say(...headers)).toMatch(/^HTTP\/1\.1 403 /)
    expect(await say('Host: localhost', 'Origin: http://localhost')).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('wrong tickets count as wrong tokens: later and later, then not for a while', { timeout: 30_000 }, async () => {
    const one = await start()
    const { token } = await enter(one)
    const statuses: number[] = []
    for (let time = 0; time < 9; time++) statuses.push((await login(one.origin, { ticket: `wrong-${time}` })).status)
    expect(statuses).toEqual([...Array<number>(8).fill(401), 429])
    const later = await fetch(`${one.origin}/rpc`, { method: 'POST', headers: bearer('wrong'), body: '{}' })
    expect([later.status, Number(later.headers.get('retry-after'))]).toEqual([429, expect.any(Number)])
    // Whoever is in is not kept out by that, nor is whoever has a right one.
    expect((await ask(one.origin, 'system.whoami', {}, bearer(token))).result).toBeDefined()
    expect((await enter(one)).role).toBe('admin')
    expect(connectionsOf(one).length).toBeLessThan(3)
  })
})

test('a login is ended by whoever may do as much himself', async () => {
  const one = await start()
  const admin = await enter(one, 'admin')
  const operator = await enter(one, 'operator')
  const end = async (to: string, token: string) =>
    (await ask(one.origin, 'actor.send', { to, event: { type: 'END' } }, bearer(token))).error?.data
  expect(await end(admin.address, operator.token)).toMatchObject({ code: 'forbidden', field: 'to', rule: 'role' })
  expect(stateOf(one, admin.address)).toBe('inUse')
  expect(await end(operator.address, 'operator-token-of-many-characters')).toBeUndefined()
  expect(await end(admin.address, 'admin-token-of-many-characters')).toBeUndefined()
  for (const { token } of [admin, operator])
    expect((await ask(one.origin, 'system.whoami', {}, bearer(token))).error?.code).toBe('unauthorized')
})
