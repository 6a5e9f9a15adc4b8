import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { markedProcesses, markOf, markVariable, programsMark } from '../../src/actors/scan.ts'
import { commands } from '../../src/commands/registry.ts'
import type { OrchestratorOptions } from '../../src/options.ts'
import { HyphaeError } from '../../src/protocol/errors.ts'
import type { ProgramRules } from '../../src/protocol/program.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { isLivingPid } from '../support/programs.ts'
import { probe, specOf } from '../support/specs.ts'
import { siege } from '../support/up.ts'

type Asked = z.input<(typeof commands)['service.custom_restart']['input']>
type Answer = z.output<(typeof commands)['service.custom_restart']['output']>

const programs: ProgramRules = {
  allowed: { make: ['clean', 'fail', 'slow', 'wait'], shell: ['echo', 'cat'], binary: [], cargo: [], npm: [] },
  allowShell: false,
}

let dir: string
let fleet: Fleet
const stateDirs: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyphae-workflow-'))
  // A make of our own: not every machine has one.
  writeFileSync(
    join(dir, 'make'),
    '#!/bin/sh\necho "$*" >>made; case $1 in fail) echo broken >&2; exit 2;; slow) echo $$ >pid; exec sleep 1000;; wait) while [ ! -e go ]; do sleep 0.05; done;; esac; echo "made $1"\n',
  )
  chmodSync(join(dir, 'make'), 0o755)
  // Runs on `good…` arguments alone, and writes down with what it was started.
  writeFileSync(join(dir, 'server'), '#!/bin/sh\necho "$* $FLAVOUR" >>starts\ncase $1 in bad) exit 7;; esac\nexec sleep 1000\n')
  chmodSync(join(dir, 'server'), 0o755)
})
afterEach(async () => {
  await fleet.end()
  for (const one of stateDirs.splice(0)) rmSync(one, { recursive: true, force: true })
  rmSync(dir, { recursive: true, force: true })
})

const server = () =>
  specOf({ command: join(dir, 'server'), args: ['good'], workingDir: dir, env: { FLAVOUR: 'plain' }, restart: { delay: 60_000 } })
async function begin(options: Partial<OrchestratorOptions> = {}, web = server()): Promise<void> {
  const environment = { ...process.env, PATH: `${dir}:${process.env['PATH']}` }
  fleet = await startFleet([web], { programs, environment, ...options })
  await fleet.until('web', 'healthy')
  // It is up as soon as it is spawned; what it does first comes after.
  await eventually(() => starts())
}
const custom = (asked: Partial<Asked> = {}): Promise<Answer> => fleet.call('service.custom_restart', { service: 'web', ...asked })
/** The error of a call that must fail, and what it carries. */
async function refusal(call: Promise<unknown>): Promise<HyphaeError & { data: Partial<Answer> & Record<string, unknown> }> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (cause: unknown) => cause,
  )
  if (error instanceof HyphaeError) return error
  throw error
}
const starts = (): string[] => readFileSync(join(dir, 'starts'), 'utf8').trim().split('\n')
/** Its process is there a moment before its script has written. */
const started = (...expected: readonly string[]) => eventually(() => expect(starts().slice(-expected.length)).toEqual(expected))
const make = (command: string) => ({ type: 'make' as const, command })
const echo = (command: string) => ({ type: 'shell' as const, command })
const stepsOf = (address: string) =>
  fleet.facts
    .filter(({ about, type }) => about === address && type === 'workflow.step')
    .map(({ data }) => `${String(data['step'])} ${String(data['outcome'])}`)

describe('commands around a restart', () => {
  test('run before and after it, step by step', async () => {
    await begin()
    const { pid } = fleet.status('web')
    const answer = await custom({ pre_commands: [make('clean')], post_commands: [echo('echo "all done"'), make('clean')] })
    expect(commands['service.custom_restart'].output.parse(answer)).toEqual(answer)
    expect(answer).toMatchObject({
      service: 'web',
      outcome: 'done',
      because: null,
      step: null,
      pre_command_results: [{ program: make('clean'), success: true, exit_code: 0, stdout: 'made clean\n' }],
      restart_successful: true,
      post_command_results: [{ success: true, stdout: 'all done\n' }, { success: true }],
      overall_success: true,
    })
    expect(answer.total_execution_time_ms).toBeGreaterThan(0)
    expect(fleet.status('web')).toMatchObject({ state: 'healthy', restart_count: 1 })
    expect(fleet.status('web').pid).not.toBe(pid)
    const steps = ['pre 1 of 1 done', 'stop done', 'start done', 'verify done', 'post 1 of 2 done', 'post 2 of 2 done']
    expect(stepsOf(answer.workflow)).toEqual(steps)
    // Without arguments of its own it is started as before.
    await started('good plain', 'good plain')
  })

  test('one that fails before it leaves the service as it is; the others run all the same', async () => {
    await begin()
    const { pid } = fleet.status('web')
    const { code, message, data } = await refusal(
      custom({ pre_commands: [make('fail'), make('clean')], post_commands: [echo('echo x')], args: ['good', 'new'] }),
    )
    expect(code).toBe('failed')
    expect(message).toContain('make fail: exited with code 2')
    expect(data).toMatchObject({
      outcome: 'failed',
      restart_successful: false,
      overall_success: false,
      pre_command_results: [
        { success: false, exit_code: 2, stderr: 'broken\n' },
        { success: true, stdout: 'made clean\n' },
      ],
      post_command_results: [],
    })
    expect(fleet.status('web')).toMatchObject({ pid, restart_count: 0 })
    expect((await fleet.call('service.explain', { service: 'web' })).operation).toBeNull()
  })

  test('one that fails after it is told, and the service runs', async () => {
    await begin()
    const { data } = await refusal(custom({ post_commands: [make('fail'), make('clean')] }))
    expect(data).toMatchObject({ outcome: 'failed', restart_successful: true, overall_success: false })
    expect(data.post_command_results?.map(({ success }) => success)).toEqual([false, true])
    expect(fleet.status('web')).toMatchObject({ state: 'healthy', restart_count: 1 })
  })

  test('one that is not permitted refuses it as a whole, before anything has run', async () => {
    await begin()
    const { pid } = fleet.status('web')
    const { code, data } = await refusal(custom({ pre_commands: [make('clean')], post_commands: [make('deploy')], wait: false }))
    expect(code).toBe('failed')
    expect(data).toMatchObject({
      rule: 'security.allowed_programs.make',
      pre_command_results: [],
      post_command_results: [{ program: { command: 'deploy' }, success: false, exit_code: null, stdout: null }],
      restart_successful: false,
    })
    expect(existsSync(join(dir, 'made'))).toBe(false)
    expect(fleet.status('web')).toMatchObject({ pid, restart_count: 0 })
    expect(fleet.facts.filter(({ type }) => type === 'program.refused')).toMatchObject([
      { by: 'test', data: { rule: 'security.allowed_programs.make' } },
    ])
  })

  test('what is marked as unsafe is denied in the words of old', async () => {
    await begin()
    const { data } = await refusal(custom({ pre_commands: [{ ...make('clean'), is_safe: false }] }))
    expect(data.pre_command_results).toMatchObject([{ error_message: 'Command marked as unsafe and execution was denied' }])
  })

  test('while it runs one sees which command; a STOP cancels it and ends the command', async () => {
    await begin()
    const answer = await custom({ pre_commands: [make('clean'), make('slow')], wait: false })
    expect(answer).toMatchObject({ outcome: 'accepted', step: 'pre', overall_success: false })
    await eventually(() =>
      expect(fleet.orchestrator.view.actor(answer.workflow)).toMatchObject({
        state: 'pre',
        phase: 'active',
        reason: 'pre 2 of 2: make slow',
      }),
    )
    const pid = await eventually(() => Number(readFileSync(join(dir, 'pid'), 'utf8').trim() || Number.NaN))
    expect((await refusal(custom())).code).toBe('busy')
    await fleet.call('service.stop', { services: ['web'] })
    await eventually(() =>
      expect(fleet.orchestrator.view.actor(answer.workflow)).toMatchObject({
        live: false,
        result: { outcome: 'cancelled', restarted: false },
      }),
    )
    await eventually(() => expect(isLivingPid(pid)).toBe(false))
    expect(fleet.status('web').state).toBe('stopped')
  })

  test('the end of the orchestrator ends a command, and nothing of it stays', async () => {
    await begin()
    await custom({ pre_commands: [make('slow')], wait: false })
    const pid = await eventually(() => Number(readFileSync(join(dir, 'pid'), 'utf8').trim() || Number.NaN))
    await fleet.leave()
    stateDirs.push(fleet.stateDir)
    await eventually(() => expect(isLivingPid(pid)).toBe(false))
    await begin({ stateDir: fleet.stateDir })
    expect(fleet.status('web').reason).toContain('adopted')
  })

  test('a command that outlived an orchestrator that was killed is ended by the next one (OTP: tree, its dynamic children)', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'hyphae-fleet-'))
    const env = { ...process.env, [markVariable]: markOf(stateIdOf(stateDir), programsMark, 'r1') }
    const orphan = spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' })
    const pid = orphan.pid ?? 0
    await begin({ stateDir })
    await eventually(() => expect(isLivingPid(pid)).toBe(false))
    expect(fleet.facts.filter(({ type }) => type === 'system.swept')).toHaveLength(1)
    expect(fleet.facts.filter(({ type }) => type === 'service.removed')).toEqual([])
  })

  test.each(['stop', 'restart'] as const)('a service that leaves the config is gone, also when asked to %s', async (verb) => {
    const web = server()
    writeFileSync(
      join(dir, 'server'),
      '#!/bin/sh\necho up >>starts\ntrap "while [ ! -e end ]; do sleep 0.05; done; exit 0" TERM\nwhile :; do sleep 0.05; done\n',
    )
    await begin({}, web)
    const answer = await custom({ pre_commands: [make('wait')], wait: false })
    await fleet.orchestrator.reload([])
    const asked =
      verb === 'stop'
        ? fleet.call('service.stop', { services: ['web'] })
        : refusal(fleet.call('service.restart', { services: ['web'] }))
    writeFileSync(join(dir, 'go'), '')
    await eventually(() => expect(fleet.orchestrator.view.actor(answer.workflow)?.state).not.toBe('pre'))
    writeFileSync(join(dir, 'end'), '')
    await fleet.fact('web', 'service.removed')
    await asked
    expect(fleet.orchestrator.view.actor(answer.workflow)).toMatchObject({ live: false, result: { outcome: 'cancelled' } })
    expect(starts()).toEqual(['up'])
  })

  test('a restart joins one that is under way', async () => {
    await begin()
    const answer = await custom({ pre_commands: [make('wait')], wait: false })
    const joined = fleet.call('service.restart', { services: ['web'] })
    writeFileSync(join(dir, 'go'), '')
    const { results } = await joined
    expect(results).toMatchObject([{ outcome: 'done', workflow: answer.workflow }])
    expect(fleet.status('web').restart_count).toBe(1)
  })
})

describe('other arguments and variables', () => {
  test('hold for the restarts that follow, until the config is read again', async () => {
    await begin()
    await custom({ args: ['good', '--config', 'production.yaml'], env: { FLAVOUR: 'sweet' } })
    await fleet.call('service.restart', { services: ['web'] })
    await started('good plain', 'good --config production.yaml sweet', 'good --config production.yaml sweet')
    await custom({ env: { FLAVOUR: 'sour' } })
    expect((await fleet.call('service.explain', { service: 'web' })).overridden).toEqual(['args', 'env.FLAVOUR'])
    await started('good --config production.yaml sour')
    await fleet.orchestrator.reload([server()])
    await started('good plain')
    expect(fleet.facts.find(({ type }) => type === 'system.reloaded')?.because).toBe('1 changed')
  })

  test('hold over an orchestrator that leaves, and are no reason to restart what it adopts', async () => {
    await begin()
    await custom({ args: ['good', 'kept'], env: { FLAVOUR: 'sweet' } })
    const { pid } = fleet.status('web')
    await fleet.leave()
    await begin({ stateDir: fleet.stateDir })
    expect(fleet.status('web').pid).toBe(pid)
    await fleet.call('service.restart', { services: ['web'] })
    await started('good kept sweet')
  })

  test.each([
    ['settling', 'good new', {}],
    ['verifying', 'never', { readiness: { ...probe, target: { type: 'log', pattern: 'never written' } } }],
  ] as const)('stay with what is left running in %s: nothing is started any more', async (state, args, more) => {
    const web = { ...server(), ...more }
    fleet = await startFleet([web], { stateDir: mkdtempSync(join(tmpdir(), 'hyphae-fleet-')) })
    await eventually(() => starts())
    const answer = await custom({ args: args.split(' '), wait: false })
    await eventually(() => expect(fleet.orchestrator.view.actor(answer.workflow)?.state).toBe(state))
    await eventually(() => expect(starts()).toHaveLength(2))
    await fleet.call('system.leave', { wait: false })
    await fleet.orchestrator.finished
    await fleet.leave()
    expect(fleet.facts.findLast(({ type }) => type === 'workflow.finished')?.data).toMatchObject({ outcome: 'cancelled' })
    expect(starts()).toEqual(['good plain', `${args} plain`])
    expect(await markedProcesses(stateIdOf(fleet.stateDir))).toHaveLength(1)
    await begin({ stateDir: fleet.stateDir }, { ...web, readiness: null })
    expect((await fleet.call('service.explain', { service: 'web' })).spec).toMatchObject({ args: args.split(' ') })
  })

  test('are over after a shutdown', async () => {
    await begin()
    await custom({ args: ['good', 'kept'] })
    await fleet.orchestrator.shutdown('the test')
    await fleet.orchestrator.close()
    await begin({ stateDir: fleet.stateDir })
    await started('good kept plain', 'good plain')
    expect((await fleet.call('service.explain', { service: 'web' })).spec).toMatchObject({ args: ['good'] })
  })

  test('hold for one run where they are not to be remembered', async () => {
    await begin()
    await custom({ args: ['good', 'once'], remember: false })
    await started('good once plain')
    const { pid } = fleet.status('web')
    await fleet.leave()
    await begin({ stateDir: fleet.stateDir })
    expect(fleet.status('web').pid).toBe(pid)
    await fleet.call('service.restart', { services: ['web'] })
    await started('good plain')
  })

  test('with which it fails are taken back', async () => {
    await begin()
    const { data } = await refusal(custom({ args: ['bad'], post_commands: [make('clean')] }))
    expect(data).toMatchObject({ outcome: 'failed', restart_successful: false, post_command_results: [] })
    expect(data.because).toMatch(/exited with code 7.*; restarted with what it had before$/)
    await started('good plain', 'bad plain', 'good plain')
    expect(fleet.status('web').state).toBe('healthy')
    await fleet.call('service.restart', { services: ['web'] })
    await started('good plain')
  })

  test.each([true, false])(
    'with which it fails are taken back, though it is restarted at once (remembered: %s)',
    async (remember) => {
      const web = server()
      await begin({}, { ...web, restart: { ...web.restart, delay: 0 } })
      const { data } = await refusal(custom({ args: ['bad'], remember }))
      expect(data).toMatchObject({ outcome: 'failed', restart_successful: false })
      await started('good plain')
      expect((await fleet.call('service.explain', { service: 'web' })).overridden).toEqual([])
    },
  )

  test.each([true, false])('of a restart that a STOP cancels are taken back (remembered: %s)', async (remember) => {
    await begin()
    const answer = await custom({ args: ['good', 'new'], remember, wait: false })
    await eventually(() => expect(fleet.orchestrator.view.actor(answer.workflow)?.state).toBe('settling'))
    await fleet.call('service.stop', { services: ['web'] })
    await fleet.call('service.start', { services: ['web'] })
    await started('good plain')
    expect((await fleet.call('service.explain', { service: 'web' })).overridden).toEqual([])
  })

  test('that the config says itself by now are not by hand any more', async () => {
    await begin()
    await custom({ args: ['good', 'new'] })
    const { pid } = fleet.status('web')
    await fleet.orchestrator.reload([{ ...server(), args: ['good', 'new'] }])
    expect(fleet.status('web').pid).toBe(pid)
    expect((await fleet.call('service.explain', { service: 'web' })).overridden).toEqual([])
    await fleet.leave()
    await begin({ stateDir: fleet.stateDir }, { ...server(), args: ['good', 'newer'] })
    await started('good newer plain')
  })

  test('with which it fails, as it does with those of before', async () => {
    await begin()
    writeFileSync(join(dir, 'server'), '#!/bin/sh\nexit 9\n')
    const { data } = await refusal(custom({ args: ['bad'] }))
    // Without a probe it is ready as soon as it runs; that it is not up any more is seen at once.
    expect(data).toMatchObject({ outcome: 'failed', restart_successful: false })
  })
})

test('what was changed by hand holds over a kill -9', async () => {
  await begin()
  const one = siege({
    services: { web: { command: join(dir, 'server'), args: ['good'], working_dir: dir, env: { FLAVOUR: 'plain' } } },
  })
  try {
    const first = await one.up()
    await one.ask((client) => client.call('service.custom_restart', { service: 'web', args: ['good', 'killed'] }))
    const { pid } = await one.service('web')
    await one.kill(first)
    await one.up()
    expect((await one.service('web')).pid).toBe(pid)
    await one.ask((client) => client.call('service.restart', { services: ['web'] }))
    await started('good killed plain', 'good killed plain')
  } finally {
    await one.end()
  }
})

describe('a program alone', () => {
  const run = (program: z.input<(typeof commands)['program.run']['input']>['program'], more: object = {}) =>
    fleet.call('program.run', { program, ...more })

  test('answers with what it wrote, and stands in the journal', async () => {
    await begin({ configPath: join(dir, 'hyphae.yaml') })
    const { workflow, outcome, result } = await run({ ...make('clean'), env: { SECRET: 'hunter2' } })
    expect({ outcome, result }).toMatchObject({ outcome: 'done', result: { success: true, stdout: 'made clean\n' } })
    const { events } = await fleet.call('events.read', { limit: 1000 })
    const audit = events.filter(({ about }) => about === workflow)
    expect(audit).toMatchObject([
      { type: 'program.started', because: 'make clean', by: 'test', data: { env: ['SECRET'] } },
      { type: 'program.finished', by: 'test', data: { exit_code: 0 } },
    ])
    expect(JSON.stringify(events)).not.toContain('hunter2')
    // Whoever may see actors may not see what was run with which values, nor what it wrote.
    const shown = JSON.stringify(await fleet.call('actor.get', { address: workflow }))
    expect(shown).toContain('exited with code 0')
    expect(shown).not.toMatch(/hunter2|made clean/)
  })

  test('that fails, or takes too long, is an error with its result', async () => {
    await begin({ configPath: join(dir, 'hyphae.yaml') })
    const failed = await refusal(run(make('fail')))
    expect(failed).toMatchObject({ code: 'failed', message: 'make fail: exited with code 2', data: { result: { exit_code: 2 } } })
    const late = await refusal(run(make('slow'), { timeout_ms: 200 }))
    expect(late).toMatchObject({ code: 'failed', message: 'make slow: Command timed out', data: { result: { exit_code: null } } })
  })

  test('that is not permitted names the rule, whoever waits or not', async () => {
    await begin()
    for (const wait of [true, false]) {
      expect(await refusal(run(make('deploy'), { wait }))).toMatchObject({
        code: 'forbidden',
        data: { rule: 'security.allowed_programs.make', result: { success: false } },
      })
    }
  })

  test('too many at once are refused', async () => {
    await begin({ configPath: join(dir, 'hyphae.yaml') })
    for (let n = 0; n < 16; n++) await run(make('slow'), { wait: false })
    expect((await refusal(run(make('clean')))).code).toBe('overloaded')
  })

  test.each(['; touch x', '$(touch x)', '`touch x`', '\ntouch x\n', '| touch x', '--eval=$(shell touch x)', '"; touch x; "'])(
    '%j does nothing in any field',
    async (canary) => {
      await begin({ configPath: join(dir, 'hyphae.yaml') })
      for (const type of ['make', 'shell', 'binary', 'cargo', 'npm'] as const) {
        for (const [command, args] of [
          [canary, []],
          [`echo ${canary}`, []],
          ['clean', [canary]],
          ['echo', [canary]],
        ] as const) {
          const program = { type, command, args: [...args], env: { A: canary }, description: canary }
          await run(program).catch(() => undefined)
          await run({ ...program, working_dir: canary }).catch(() => undefined)
        }
      }
      await custom({ args: ['good', canary], env: { FLAVOUR: canary } })
      expect(existsSync(join(dir, 'x'))).toBe(false)
    },
  )
})
