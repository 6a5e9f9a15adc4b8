import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/client/index.ts'
import { commands, type CommandName } from '../../src/commands/registry.ts'
import { mayUse, roles, type Role } from '../../src/protocol/principal.ts'
import { commandsOf } from '../../src/protocol/verbs.ts'
import { ask, dial, httpFleet, json, type HttpFleet } from '../support/http.ts'

/** Who somebody is and what he may do, as he himself is told: `system.whoami`, and what actors take: `actor.events`. */

const tokenOf = (role: Role) => `${role}-token-of-many-characters`
const tokens = (Object.keys(roles) as Role[]).map((role) => ({ name: role, token: tokenOf(role), role }))
const bearer = (role: Role) => ({ ...json, authorization: `Bearer ${tokenOf(role)}` })
const permitted = (role: Role): string[] =>
  (Object.keys(commands) as CommandName[]).filter((name) => mayUse({ name: '', via: '', role }, commands[name].permission))

const folder = mkdtempSync(join(tmpdir(), 'hyphae-whoami-'))
const socket = join(folder, 'control.sock')
let fleet: HttpFleet
let narrow: HttpFleet
beforeAll(async () => {
  const http = { name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc' }
  const listeners = [{ name: 'control', endpoint: `unix:${socket}`, dialect: 'jsonrpc' }, http]
  fleet = await httpFleet({ listeners, access: { token: null, tokens, allowedCommands: null } })
  narrow = await httpFleet({ access: { token: null, tokens, allowedCommands: ['status', 'restart'] } })
})
afterAll(async () => {
  await fleet.end()
  await narrow.end()
  rmSync(folder, { recursive: true, force: true })
})

describe('system.whoami', () => {
  test.each(Object.keys(roles) as Role[])('tells the %s its name, role and commands, by each way', async (role) => {
    const told = { name: `token:${role}`, via: 'http', role, commands: permitted(role) }
    expect((await ask(fleet.origin, 'system.whoami', {}, bearer(role))).result).toEqual(told)
    const plain = await fetch(`${fleet.origin}/api/v1/system/whoami`, { headers: bearer(role) })
    expect(await plain.json()).toEqual(told)
    const one = dial(fleet.port, { headers: { authorization: `Bearer ${tokenOf(role)}` } })
    await one.opened()
    one.ask(2, 'system.whoami')
    expect((await one.answer(2)).result).toMatchObject({ name: `token:${role}`, role, commands: permitted(role) })
    one.socket.close()
  })

  test('tells the local user that he may do all', async () => {
    const client = await connect({ socket })
    try {
      expect(await client.call('system.whoami', {})).toMatchObject({
        via: 'unix',
        role: 'admin',
        commands: Object.keys(commands),
      })
    } finally {
      client.close()
    }
  })

  test('leaves out what security.allowed_commands does not admit', async () => {
    const allowed = commandsOf(['status', 'restart'])
    for (const role of Object.keys(roles) as Role[]) {
      const { result } = await ask(narrow.origin, 'system.whoami', {}, bearer(role))
      expect(result?.['commands']).toEqual(permitted(role).filter((name) => allowed.includes(name)))
    }
  })

  test('whoever is nobody is not told who', async () => {
    expect((await fetch(`${fleet.origin}/api/v1/system/whoami`)).status).toBe(401)
  })
})

test('actor.events has each event that an actor takes from outside, and says which of them stop something', async () => {
  const { events } = (await (await fetch(`${fleet.origin}/api/v1/actor/events`, { headers: bearer('viewer') })).json()) as {
    events: ReadonlyArray<{ kind: string; type: string; description: string; schema: { properties: object }; stops: boolean }>
  }
  const taken = new Set(
    Array.from(fleet.orchestrator.view.actors()).flatMap(({ kind, accepts }) => accepts.map((type) => `${kind} ${type}`)),
  )
  const told = events.map(({ kind, type }) => `${kind} ${type}`)
  expect(taken.size).toBeGreaterThan(0)
  for (const one of taken) expect(told).toContain(one)
  expect(new Set(told).size).toBe(told.length)
  expect(told).toContain('login END')
  for (const { description, schema } of events) {
    expect(description).not.toBe('')
    expect(schema.properties).toHaveProperty('type')
  }
  const stops = events.filter((event) => event.stops).map(({ type }) => type)
  expect(new Set(stops)).toEqual(new Set(['STOP', 'RESTART', 'KILL', 'END']))
})
