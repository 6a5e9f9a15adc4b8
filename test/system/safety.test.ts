import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProgramRules } from '../../src/protocol/program.ts'
import { ControlClient } from '../support/control-port.ts'
import { ask, httpFleet, type HttpFleet } from '../support/http.ts'

/** What commands may be run, on every surface: rules can only be narrowed by whoever asks, and each refusal names its rule. */

const none = { make: [], shell: [], binary: [], cargo: [], npm: [] }
const rules: ProgramRules = {
  allowed: { ...none, shell: ['echo'], npm: ['greet'] },
  barred: { ...none, make: ['build'], shell: ['date'] },
  allowShell: false,
  production: true,
}

let fleet: HttpFleet
let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-safety-'))
  writeFileSync(join(folder, 'npm'), '#!/bin/sh\necho "npm $*"\n', { mode: 0o755 })
  fleet = await httpFleet({
    listeners: [
      { name: 'http', endpoint: 'http:127.0.0.1:0', dialect: 'jsonrpc' },
      { name: 'supervisor', endpoint: 'tcp:127.0.0.1:0', dialect: 'magictunnel' },
    ],
    programs: rules,
    environment: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    configPath: join(folder, 'hyphae.yaml'),
  })
})
afterEach(async () => {
  await fleet.end()
  rmSync(folder, { recursive: true, force: true })
})

interface Asked {
  readonly type: string
  readonly command: string
  readonly args?: readonly string[]
  readonly is_safe?: boolean
  readonly allowed_in_production?: boolean
}
const overRpc = async (program: Asked) => (await ask(fleet.origin, 'program.run', { program })).error?.data['rule']
async function overText({ type, ...program }: Asked): Promise<{ rule: unknown; message: string; stdout: unknown }> {
  const capital = `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`
  const client = new ControlClient(fleet.orchestrator.view.listeners()[1]?.address ?? '')
  const command = { command_type: capital, args: null, is_safe: true, ...program }
  const { message, data } = await client.say(`${JSON.stringify({ ExecuteCommand: { command } })}\n`).answer()
  await client.over()
  const refused = fleet.facts.findLast(({ type: kind }) => kind === 'program.refused')
  return { rule: refused?.data['rule'], message, stdout: data?.['stdout'] }
}

describe('in production', () => {
  test.each<readonly [string, Asked, string]>([
    ['an entry that is for development', { type: 'make', command: 'build' }, 'allowed_in_production'],
    ['a program that is for development', { type: 'shell', command: 'date' }, 'allowed_in_production'],
    [
      'a command that its caller marks so',
      { type: 'shell', command: 'echo x', allowed_in_production: false },
      'allowed_in_production',
    ],
    ['one that is not listed', { type: 'shell', command: 'ls', allowed_in_production: true }, 'security.allowed_programs.shell'],
    ['one that is not safe', { type: 'shell', command: 'echo x', is_safe: false }, 'is_safe'],
    ['a shell line', { type: 'shell', command: 'echo x | cat' }, 'security.allow_shell'],
  ])('%s is refused by its rule, over HTTP and on the control port', async (_, program, rule) => {
    expect(await overRpc(program)).toBe(rule)
    expect((await overText(program)).rule).toBe(rule)
    const refusals = fleet.facts.filter(({ type }) => type === 'program.refused')
    expect(refusals.map(({ by, data }) => [by, data['via'], data['rule']])).toEqual([
      ['local-operator', 'http', rule],
      ['local-operator', 'tcp', rule],
    ])
  })

  test('around a restart as well, before anything is touched', async () => {
    const { pid } = fleet.status('web')
    const { error } = await ask(fleet.origin, 'service.custom_restart', {
      service: 'web',
      pre_commands: [{ type: 'shell', command: 'echo x' }],
      post_commands: [{ type: 'make', command: 'build' }],
    })
    expect(error?.data).toMatchObject({ rule: 'allowed_in_production' })
    expect(fleet.status('web').pid).toBe(pid)
    expect(fleet.facts.filter(({ type }) => type === 'program.started')).toEqual([])
  })
})

test('npm runs on every surface', async () => {
  const program = { type: 'npm', command: 'greet', args: [] }
  const { result } = await ask(fleet.origin, 'program.run', { program })
  expect(result).toMatchObject({ outcome: 'done', result: { stdout: 'npm greet\n' } })
  expect(await overText({ type: 'npm', command: 'greet' })).toMatchObject({ stdout: 'npm greet\n' })
  const restarted = await ask(fleet.origin, 'service.custom_restart', { service: 'web', pre_commands: [program] })
  expect(restarted.result).toMatchObject({ outcome: 'done' })
  expect(await overRpc({ type: 'npm', command: 'evil' })).toBe('security.allowed_programs.npm')
})
