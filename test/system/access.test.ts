import { afterEach, describe, expect, test } from 'vitest'
import { commands, type CommandName } from '../../src/commands/registry.ts'
import type { ReadConfig } from '../../src/protocol/reload.ts'
import { noPrograms } from '../../src/protocol/program.ts'
import { mayUse, roles, type Role } from '../../src/protocol/principal.ts'
import { limits } from '../../src/protocol/limits.ts'
import { ControlClient } from '../support/control-port.ts'
import { eventually } from '../support/eventually.ts'
import { ask, connectionsOf, dial, exchange, httpFleet, json, type HttpFleet } from '../support/http.ts'
import { wrongForms } from '../support/wrong-tokens.ts'

/** Who may do what over the network: tokens with roles, through real listeners. */

const tokens = {
  viewer: 'viewer-token-of-many-characters',
  operator: 'operator-token-of-many-characters',
  admin: 'Admin-Token-of-many-characters',
} as const
const credentials = (Object.keys(tokens) as Role[]).map((role) => ({ name: role, token: tokens[role], role }))
const access = { token: null, tokens: credentials, allowedCommands: null }
const listeners = [
  { name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc' },
  { name: 'supervisor', endpoint: 'tcp:127.0.0.1:0', dialect: 'magictunnel' },
]

let fleet: HttpFleet | undefined
const clients: ControlClient[] = []
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  await fleet?.end()
  fleet = undefined
})
const start = async (options: Parameters<typeof httpFleet>[0] = {}): Promise<HttpFleet> => {
  fleet = await httpFleet({ listeners, access, ...options })
  return fleet
}
const bearer = (token: string) => ({ ...json, authorization: `Bearer ${token}` })
function control({ orchestrator }: HttpFleet): ControlClient {
  const client = new ControlClient(orchestrator.view.listeners()[1]?.address ?? '')
  clients.push(client)
  return client
}
const factsOf = ({ facts }: HttpFleet, type: string) => facts.filter((fact) => fact.type === type)

describe('roles', () => {
  test('each may use the commands of its permissions, and no other', async () => {
    const { origin } = await start()
    for (const role of Object.keys(roles) as Role[]) {
      for (const name of Object.keys(commands) as CommandName[]) {
        // What it takes is wrong, so that nothing is done; whether it is permitted is looked at before.
        const { error } = await ask(origin, name, { nonsense: true }, bearer(tokens[role]))
        const may = mayUse({ name: '', via: '', role }, commands[name].permission)
        expect([role, name, error?.data['code']]).toEqual([role, name, may ? 'invalid_params' : 'forbidden'])
      }
    }
  })

  test('the same on the control port, in words and in JSON', async () => {
    const one = await start()
    const said = async (token: string, line: string): Promise<string> => {
      const client = control(one).say(`auth ${token}\n${line}\n`)
      return (await client.answer(2)).message
    }
    expect(await said(tokens.viewer, 'status')).toBe('Status retrieved successfully')
    expect(await said(tokens.viewer, 'restart web')).toContain('needs the permission service.control')
    expect(await said(tokens.operator, 'restart web')).toBe('web restarted successfully')
    expect(await said(tokens.operator, 'shutdown')).toContain('needs the permission system.control')
    const json = control(one).say(`{"Authenticate":{"token":"${tokens.viewer}"}}\n"Stop"\n`)
    expect((await json.answer(1)).data).toEqual({ name: 'token:viewer', role: 'viewer' })
    expect((await json.answer(2)).message).toContain('needs the permission service.control')
  })
})

describe('a wrong token', () => {
  test('in none of many forms is anybody let in', { timeout: 60_000 }, async () => {
    const one = await start()
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system.status' })
    const forms = wrongForms(tokens.admin)
    expect(forms.length).toBeGreaterThan(60)
    const answers = await Promise.all(
      forms.map(async ({ name, headers, path = '/rpc' }) => {
        const lines = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...headers]
        const text = await exchange(one.port, [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'))
        return [name, Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text.includes('"services"')] as const
      }),
    )
    expect(answers.filter(([, status, served]) => served || ![400, 401, 429, 431].includes(status))).toEqual([])
    expect(factsOf(one, 'command.accepted')).toEqual([])
  })

  test('the right one is served in each case of its scheme, and with blanks behind', async () => {
    const { port } = await start()
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system.status' })
    for (const value of [`Bearer ${tokens.viewer}`, `bearer ${tokens.viewer}`, `BEARER   ${tokens.viewer}  `]) {
      const lines = ['POST /rpc HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', `Authorization: ${value}`]
      const text = await exchange(port, [...lines, 'Connection: close', `Content-Length: ${body.length}`, '', body].join('\r\n'))
      expect(text).toMatch(/^HTTP\/1\.1 200 /)
    }
  })

  test('a hundred of them are told to come later, and a right one is served before they are all answered', async () => {
    const one = await start()
    const many = 100
    let left = many
    const wrong = Array.from({ length: many }, async (_, index) => {
      const response = await fetch(`${one.origin}/rpc`, {
        method: 'POST',
        headers: bearer(`wrong ${index}`.replace(' ', '-')),
        body: '{}',
      })
      left--
      return { status: response.status, after: response.headers.get('retry-after') }
    })
    await eventually(() => expect(left).toBeLessThan(many))
    const { result } = await ask(one.origin, 'system.status', {}, bearer(tokens.viewer))
    expect(result).toBeDefined()
    expect(left).toBeGreaterThan(0)
    const answers = await Promise.all(wrong)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(limits.failedLogins + limits.failedLoginHolds)
    const late = answers.filter(({ status }) => status === 429)
    expect(late).toHaveLength(many - limits.failedLogins - limits.failedLoginHolds)
    expect(late.every(({ after }) => Number(after) >= 1)).toBe(true)
    // One fact when it began; the rest is told together.
    expect(factsOf(one, 'access.refused').map(({ data }) => data)).toEqual([
      expect.objectContaining({ via: 'http', count: 1, peer: expect.stringMatching(/^127\.0\.0\.1:/) as string }),
    ])
  })

  test(
    'on the control port it is held back, answered and closed; another socket is served meanwhile',
    { timeout: 20_000 },
    async () => {
      const one = await start()
      for (let index = 0; index < limits.failedLogins; index++) await control(one).say('auth wrong\n').over()
      const held = control(one).say('auth wrong\nstatus\n')
      const right = control(one).say(`auth ${tokens.viewer}\nstatus\n`)
      expect((await right.answer(2)).success).toBe(true)
      expect(held.received).toBe('')
      await held.over()
      expect(held.answers.map(({ message }) => message)).toEqual(['Authentication failed: this token is not valid'])
      for (let index = 0; index < limits.failedLoginHolds - 1; index++) await control(one).say('auth wrong\n').over()
      const late = control(one).say('{"Authenticate":{"token":"wrong"}}\n')
      await late.over()
      expect(late.answers[0]?.message).toMatch(/too many wrong tokens from this address; try again in \d+ s/)
    },
  )
})

test('who says nothing of himself is let go of, whether silent or slow', { timeout: 20_000 }, async () => {
  const one = await start()
  const silent = control(one)
  const slow = control(one).say('sta')
  const half = control(one).say('{"Authenticate":{"token":"')
  await Promise.all([silent.over(), slow.over(), half.over()])
  expect(factsOf(one, 'command.accepted')).toEqual([])
  await eventually(() => expect(connectionsOf(one)).toEqual([]))
})

describe('a reload', () => {
  const reloading = () => {
    const rules = { access, programs: noPrograms, allowedOrigins: [] as string[], allowedHosts: [], certificates: {} }
    const config = { path: '/nowhere', services: [], rules } as ReadConfig & { rules: typeof rules }
    return { config, options: { loadConfig: () => Promise.resolve(config) } }
  }
  const changed = (one: HttpFleet, config: { rules: object }, rules: object) => {
    Object.assign(config, {
      rules: { ...config.rules, ...rules },
      services: one.orchestrator.view.serviceNames().map((name) => one.orchestrator.view.serviceDetail(name)?.spec),
    })
    return one.call('system.reload', {})
  }

  test('lets go of whoever has a token that is gone, or another role, and of nobody else', async () => {
    const { config, options } = reloading()
    const one = await start(options)
    const sockets = Object.fromEntries(
      Object.entries(tokens).map(([role, token]) => [role, dial(one.port, { headers: { authorization: `Bearer ${token}` } })]),
    )
    for (const socket of Object.values(sockets)) await socket.opened()
    const text = control(one).say(`auth ${tokens.viewer}\n`)
    await text.answer()
    const now = [
      { name: 'viewer', token: 'another-token-of-many-characters', role: 'viewer' },
      { name: 'operator', token: tokens.operator, role: 'viewer' },
      { name: 'admin', token: tokens.admin, role: 'admin' },
    ]
    const answer = await changed(one, config, { access: { ...access, tokens: now } })
    expect(answer.warnings).toEqual([])
    expect((await sockets['viewer']?.closed())?.reason).toBe('token:viewer is not valid any more')
    expect((await sockets['operator']?.closed())?.reason).toBe('token:operator has the role viewer now')
    await text.over()
    sockets['admin']?.ask(1, 'system.status', {})
    expect((await sockets['admin']?.answer(1))?.result).toBeDefined()
    expect(connectionsOf(one)).toHaveLength(1)
    expect((await ask(one.origin, 'system.status', {}, bearer('another-token-of-many-characters'))).result).toBeDefined()
    expect((await ask(one.origin, 'system.status', {}, bearer(tokens.viewer))).error?.code).toBe('unauthorized')
    sockets['admin']?.socket.terminate()
  })

  test('of the allowed commands and origins holds on connections that are open already', async () => {
    const { config, options } = reloading()
    const one = await start(options)
    const socket = dial(one.port, { headers: { authorization: `Bearer ${tokens.admin}` } })
    await socket.opened()
    await changed(one, config, {
      access: { ...access, allowedCommands: ['status'] },
      allowedOrigins: ['https://ops.example'],
      allowedHosts: [],
    })
    socket.ask(1, 'service.restart', { services: ['web'] })
    expect((await socket.answer(1)).error?.message).toBe(
      'service.restart is not among security.allowed_commands; restart would admit it',
    )
    expect((await control(one).say(`auth ${tokens.admin}\nrestart web\n`).answer(2)).message).toContain(
      'security.allowed_commands',
    )
    const page = await fetch(`${one.origin}/healthz`, { headers: { origin: 'https://ops.example' } })
    expect(page.headers.get('access-control-allow-origin')).toBe('https://ops.example')
    socket.socket.terminate()
  })

  test('that begins to want a token lets go of whoever came without one', async () => {
    const { config, options } = reloading()
    const one = await start({ ...options, access: { token: null, allowedCommands: null } })
    const socket = dial(one.port)
    await socket.opened()
    await changed(one, config, { access })
    expect((await socket.closed()).reason).toBe('a token is needed now')
  })
})

describe('what is written down', () => {
  test('also what the control port refuses by itself', async () => {
    const one = await start({ access: { ...access, allowedCommands: ['status'] } })
    await control(one).say(`auth ${tokens.admin}\nshutdown\n`).answer(2)
    expect(factsOf(one, 'command.refused')).toMatchObject([
      { by: 'token:admin', data: { command: 'shutdown', rule: 'security.allowed_commands', via: 'tcp' } },
    ])
  })

  test('who did what, or was refused, and from where; secrets are in none of it', async () => {
    const one = await start({ programs: { ...noPrograms, allowed: { ...noPrograms.allowed, binary: ['/bin/echo'] } } })
    const run = (program: object, token: string) => ask(one.origin, 'program.run', { program }, bearer(token))
    await run({ type: 'binary', command: '/bin/echo' }, tokens.operator)
    await run({ type: 'binary', command: '/bin/false' }, tokens.operator)
    for (let index = 0; index < 3; index++) await ask(one.origin, 'service.stop', { services: ['web'] }, bearer(tokens.viewer))
    await ask(one.origin, 'system.status', {}, bearer('not-a-token'))
    const { events } = await one.call('events.read', { audit: true })
    const peer = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string
    const by = (who: string, rest: object): readonly unknown[] => [who, expect.objectContaining({ via: 'http', peer, ...rest })]
    expect(events.map(({ type, by: who, data }) => [type, who, data])).toEqual([
      ['command.accepted', ...by('token:operator', { command: 'program.run binary' })],
      ['program.started', ...by('token:operator', {})],
      ['program.finished', ...by('token:operator', { success: true })],
      ['command.accepted', ...by('token:operator', {})],
      ['program.refused', ...by('token:operator', { rule: 'security.allowed_programs.binary' })],
      ['command.refused', ...by('token:viewer', { command: 'service.stop', rule: 'role', count: 1 })],
      ['access.refused', null, expect.objectContaining({ via: 'http', peer, count: 1 })],
    ])
    expect(JSON.stringify(one.facts)).not.toMatch(/token-of-many|not-a-token/i)
  })
})
