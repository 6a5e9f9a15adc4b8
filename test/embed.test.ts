import { chmodSync, mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../src/client/index.ts'
import { findControlSocket } from '../src/control-socket.ts'
import { createOrchestrator, loadConfig, type HyphaeError, type Orchestrator } from '../src/index.ts'
import type { Principal } from '../src/protocol/principal.ts'
import { eventually } from './support/eventually.ts'

/** A fleet of a YAML inside of a program: through the gateway, and through the socket. */

const me: Principal = { name: 'a program', via: 'internal', role: 'admin' }
let folder: string
let orchestrator: Orchestrator

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const yaml = (seconds: number, more = ''): string =>
  `supervisor:\n  services:\n    web:\n      command: sleep\n      args: ['${seconds}']\n${more}`

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hyphae-embed-'))
  const path = write('hyphae.yaml', yaml(1000))
  orchestrator = createOrchestrator(loadConfig(path, process.env))
  await orchestrator.start()
})
afterEach(async () => {
  await orchestrator.shutdown('the test')
  await orchestrator.close()
  rmSync(folder, { recursive: true, force: true })
})

async function call(command: string, input: unknown = {}): Promise<Record<string, unknown>> {
  const reply = await orchestrator.gateway.invoke(me, command, input)
  if (!reply.ok) throw Object.assign(new Error(reply.error.message), reply.error)
  return reply.output as Record<string, unknown>
}
const refusal = (input: unknown): Promise<HyphaeError> =>
  call('system.reload', input).then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => error as HyphaeError,
  )
const running = () => eventually(() => expect(orchestrator.view.service('web')?.state).toBe('healthy'))

test('it is driven by the gateway and by the client alike', async () => {
  await running()
  expect(orchestrator.view.supervisor()).toMatchObject({ config: join(folder, 'hyphae.yaml'), state: join(folder, '.hyphae') })
  const client = await connect({ socket: findControlSocket(join(folder, '.hyphae')) })
  const { pid } = orchestrator.view.service('web') ?? {}
  expect((await client.call('system.status')).services['web']).toMatchObject({ pid, status: 'running' })
  write('hyphae.yaml', yaml(1001))
  expect(await client.call('system.reload', { dry_run: true })).toMatchObject({
    changes: [{ service: 'web', change: 'changed', fields: ['args'] }],
  })
  expect(await call('system.reload')).toMatchObject({ because: '1 changed' })
  client.close()
})

test('a broken file changes nothing and is told with its problems, each with its line', async () => {
  await running()
  const { pid } = orchestrator.view.service('web') ?? {}
  write('hyphae.yaml', yaml(1000, '      one_shoot: true\n      max_restarts: two\n'))
  const { code, message, data } = await refusal({})
  expect(code).toBe('invalid_params')
  expect(message).toMatch(/hyphae\.yaml:6:7: supervisor\.services\.web\.one_shoot: is no field of this block$/)
  const problems = data['problems'] as string[]
  expect(problems).toHaveLength(2)
  expect(problems[0]).toContain('6 |       one_shoot: true\n')
  expect(problems[1]).toMatch(/hyphae\.yaml:7:.*got "two"/)
  expect(orchestrator.view.service('web')?.pid).toBe(pid)
})

test('what may be a secret is not told', async () => {
  write(
    'hyphae.yaml',
    `${yaml(1000, '      env: { API_KEY: [hunter2] }\n')}  security:\n    authentication: { enabled: hunter3, token: hunter4 }\n`,
  )
  const { data } = await refusal({})
  const problems = data['problems'] as string[]
  expect(problems).toHaveLength(2)
  expect(problems.join()).not.toMatch(/hunter[24]/)
})

test('another config takes its place, with the same state folder, and is the one that is read from then on', async () => {
  mkdirSync(join(folder, 'next'))
  const next = write('next/blue.yaml', `state: elsewhere\n${yaml(1002)}`)
  expect(await call('system.reload', { config_path: 'next/blue.yaml' })).toMatchObject({
    config: next,
    changes: [{ service: 'web', change: 'changed' }],
    warnings: ['state has changed: that takes effect with the next start'],
  })
  expect(orchestrator.view.supervisor()).toMatchObject({ config: next, state: join(folder, '.hyphae') })
  write('next/blue.yaml', yaml(1003))
  expect(await call('system.reload')).toMatchObject({ config: next, because: '1 changed' })
})

test('a config that others can write is not read', async () => {
  const theirs = write('shared.yaml', yaml(1004))
  chmodSync(theirs, 0o666)
  expect(await refusal({ config_path: 'shared.yaml' })).toMatchObject({
    code: 'invalid_params',
    message: `config_path: ${theirs}: others can write it, and so choose what is run`,
  })
  expect(orchestrator.view.supervisor().config).toBe(join(folder, 'hyphae.yaml'))
})

test('a config_path that cannot be read is named, and nothing of another file is shown', async () => {
  expect(await refusal({ config_path: 'missing.yaml' })).toMatchObject({
    code: 'invalid_params',
    message: `config_path: ${join(folder, 'missing.yaml')}: there is no such file`,
    data: { field: 'config_path' },
  })
  expect((await refusal({ config_path: '.' })).message).toBe(`config_path: ${folder}: expected a file`)
  write('shadow', 'root:hunter2:19000:0:99999:7:::\n')
  write('list', 'supervisor: hunter2\n')
  for (const name of ['shadow', 'list']) {
    const { message, data } = await refusal({ config_path: name })
    expect(message).toContain(join(folder, name))
    expect(JSON.stringify(data)).not.toContain('hunter2')
  }
  expect(orchestrator.view.supervisor().config).toBe(join(folder, 'hyphae.yaml'))
})

test('sections that mean something at a start only are named', async () => {
  write('hyphae.yaml', `${yaml(1000)}  port: 9999\nhttp: { port: 9998 }\nlog: { level: debug }\njournal: { max_age: 1 }\n`)
  const { warnings } = await call('system.reload')
  const late = (warnings as string[]).filter((one) => one.endsWith('takes effect with the next start'))
  expect(late.map((one) => one.split(' ')[0])).toEqual(['supervisor.port', 'http', 'log', 'journal'])
})

test.each(['system.leave', 'system.shutdown'] as const)('%s is answered, however soon the program closes', async (command) => {
  await running()
  const client = await connect({ socket: findControlSocket(join(folder, '.hyphae')) })
  const answer = client.call(command)
  await orchestrator.finished
  await orchestrator.close()
  expect(await answer).toMatchObject({ pid: process.pid })
  client.close()
  if (command === 'system.shutdown') return
  // Takes back what was left, for the end.
  orchestrator = createOrchestrator(loadConfig(join(folder, 'hyphae.yaml'), process.env))
  await orchestrator.start()
})
