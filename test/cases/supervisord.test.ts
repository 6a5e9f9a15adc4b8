import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decideRestart } from '../../src/machines/restart-policy.ts'
import { noHistory } from '../../src/protocol/restart.ts'
import { caseFleet, countOf, forever, leadersOf, muchLater, saysReady, sh } from '../support/cases.ts'
import { eventually } from '../support/eventually.ts'
import { modes } from '../support/programs.ts'
import { simulated } from '../support/simulated-service.ts'
import { specOf as plain } from '../support/specs.ts'
import { connectRaw } from '../support/raw-lines.ts'

/** Cases of supervisord's tests: test_process.py, test_supervisord.py, test_xmlrpc.py and test_end_to_end.py. */

const { start, specOf, file, folder } = caseFleet()

describe('starting and giving up', () => {
  test('supervisord test_finish_starting_state_exited_too_quickly: an end before it was ready backs off, whatever the exit code', async () => {
    const fleet = await start([
      specOf({ name: 'zero', ...sh('exit 0'), readiness: saysReady, restart: muchLater }),
      specOf({ name: 'three', ...sh('exit 3'), readiness: saysReady, successCodes: [3], restart: muchLater }),
    ])
    for (const name of ['zero', 'three']) {
      await fleet.until(name, 'backingOff')
      expect(countOf(fleet, name, 'service.ready')).toBe(0)
      await expect(fleet.call('service.start', { services: [name] })).rejects.toMatchObject({ code: 'failed' })
    }
    expect(fleet.status('zero').reason).toMatch(/^exited with code 0; restart \d of 3, in 10 min$/)
  })

  test('supervisord test_kill_from_backoff: a stop while it waits cancels the restart', async () => {
    const fleet = await start([specOf({ name: 'web', ...sh('exit 1'), readiness: saysReady, restart: muchLater })])
    await fleet.until('web', 'backingOff')
    expect((await fleet.call('service.stop', { services: ['web'] })).results).toMatchObject([
      { outcome: 'done', state: 'stopped' },
    ])
    expect(fleet.status('web')).toMatchObject({ state: 'stopped', desired: 'stop', pid: null, reason: 'stopped by test' })
    // Its delay, had it gone on, in a day of simulated time.
    const one = simulated(plain({ restart: { delay: 1_000, maxDelay: 1_000 } }))
    one.send({ type: 'START', at: 0 })
    one.spawned()
    one.exited(1)
    expect(one.state()).toBe('backingOff')
    one.send({ type: 'STOP', at: 0 })
    one.clock.increment(86_400_000)
    expect([one.state(), one.spawns()]).toEqual(['stopped', 1])
  })

  test('supervisord test_finish_*_laststart_in_future: times from the future neither settle a service nor make its delay longer', () => {
    const rules = plain({ restart: { delay: 1_000, maxDelay: 8_000, maxRestarts: 3, window: null } })
    const ended = { exit: { kind: 'exited', code: 1 }, planned: false, because: null, at: 1_000, dice: 0 } as const
    const future = { ...ended, readyAt: 9e9 }
    expect(decideRestart(rules, noHistory, future).decision).toMatchObject({ kind: 'restart', delay: 1_000, attempt: 1 })
    const later = decideRestart(rules, { restarts: [9e9], streak: 1 }, future)
    expect(later.decision).toMatchObject({ kind: 'restart', delay: 2_000, attempt: 2 })
  })
})

describe('what cannot be started is told with its reason, and nothing crashes or spins', () => {
  const script = (text: string, mode = 0o755): string => {
    const path = file()
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  test.each(modes)(
    'supervisord test_spawn_as_child_execv_fail_*, _cwd_fail: each failure of an exec has its reason (%s)',
    async (containment) => {
      const loop = file()
      symlinkSync(loop, loop)
      const wrong = {
        missing: { command: join(folder, 'no-such-program'), reason: /no-such-program was not found/ },
        forbidden: { command: script('#!/bin/sh\n', 0o644), reason: /is not executable/ },
        folder: { command: folder, reason: /is a directory, not a program/ },
        below: { command: join(script(''), 'x'), reason: /was not found/ },
        circle: { command: loop, reason: /f\d+/ },
        long: { command: `/${'x'.repeat(5_000)}`, reason: /x{50}/ },
        interpreter: { command: script('#!/no/such/interpreter\n'), reason: /asks for the interpreter \/no\/such\/interpreter/ },
        nowhere: { ...forever, workingDir: join(folder, 'missing'), reason: /working directory .*missing does not exist/ },
        file: { ...forever, workingDir: script(''), reason: /working directory .* is not a directory/ },
        large: { command: '/bin/echo', args: ['x'.repeat(3_000_000)], reason: /E2BIG/ },
        nul: { command: '/bin/echo', args: ['a\0b'], reason: /null bytes/ },
      }
      const kinds = Object.entries(wrong).flatMap(([name, { reason, ...spec }]) => [
        { reason, spec: specOf({ name, containment, ...spec }) },
        {
          reason,
          spec: specOf({ name: `${name}-once`, containment, ...spec, oneShot: true, restart: { policy: 'on_failure' } }),
        },
      ])
      const fleet = await start([...kinds.map(({ spec }) => spec), specOf({ name: 'calm', ...forever })])
      const seen: Record<string, string> = {}
      for (const { spec, reason } of kinds) {
        await eventually(() => expect([spec.name, fleet.status(spec.name).phase]).toEqual([spec.name, 'reaped']))
        const { state, reason: told } = fleet.status(spec.name)
        if (state !== 'failed' || !reason.test(told ?? '')) seen[spec.name] = `${state}: ${told?.slice(0, 200)}`
        expect([spec.name, countOf(fleet, spec.name, 'service.spawning')]).toEqual([spec.name, 1])
      }
      expect(seen).toEqual({})
      await fleet.until('calm', 'healthy')
    },
  )

  test('supervisord test_spawn_as_child_execv_fail_misc: a file that no kernel can run fails, and gives up as its policy says', async () => {
    const garbage = script('\x7fELF\x01 no program')
    const fleet = await start(
      [...modes].map((containment) => specOf({ name: containment, command: garbage, containment, restart: { maxRestarts: 0 } })),
    )
    for (const name of modes) {
      await fleet.until(name, 'failed')
      expect(fleet.status(name).reason).toMatch(/^exited with code 12[67]; gave up after 0 restarts/)
    }
  })

  test('supervisord test_spawn_fail_make_dispatchers_eisdir: a log that is a folder or a named pipe harms nobody else', async () => {
    const stateDir = file()
    mkdirSync(join(stateDir, 'logs', 'folder.log'), { recursive: true })
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(stateDir, 'logs', 'pipe.log')])
    const names = ['folder', 'pipe']
    const fleet = await start(
      [...names.map((name) => specOf({ name, ...forever })), specOf({ name: 'calm', ...sh('echo ready; exec sleep 1000') })],
      { stateDir },
    )
    for (const name of names) await fleet.until(name, 'failed')
    expect(fleet.status('folder').reason).toMatch(/^could not be started: its log file can't be opened: EISDIR/)
    expect(fleet.status('pipe').reason).toMatch(
      /^could not be started: its log file can't be opened: .*pipe\.log is a named pipe$/,
    )
    // Whoever reads logs hears of those that there are; nobody waits for a pipe that nobody writes to.
    await eventually(async () => {
      expect((await fleet.call('logs.read', {})).lines).toMatchObject([{ service: 'calm', line: 'ready' }])
    })
    for (const name of names) expect((await fleet.call('logs.read', { services: [name] })).lines).toEqual([])
    // Out of the way, it is started like any other.
    rmSync(join(stateDir, 'logs', 'pipe.log'))
    await fleet.call('service.start', { services: ['pipe'] })
  })
})

describe('text of any kind', () => {
  test('supervisord test_issue_638, 565, 664, 835, 986: bytes that are no text, other alphabets and percent signs', async () => {
    const odd = ['zażółć gęślą jaźń', '日本語 😀', '100%', '%s %d %(x)s %%', '{{x}} $HOME `id`', 'a\'b"c\\d', '-n', '']
    const name = 'web_1.%s'.replace('%s', 'x')
    const fleet = await start([
      specOf({ name: 'bytes', ...sh(`printf 'a\\377\\376b\\n\\200\\n'; echo ready; exec sleep 1000`), readiness: saysReady }),
      specOf({
        name,
        ...sh('printf "%s|" "$@" "$ODD"; echo; echo ready; exec sleep 1000'),
        args: ['-c', 'printf "%s|" "$@" "$ODD"; echo; echo ready; exec sleep 1000', 'sh', ...odd],
        env: { ODD: 'naïve %s €' },
        readiness: saysReady,
        description: '100% 日本語',
      }),
    ])
    for (const service of ['bytes', name]) await fleet.until(service, 'healthy')
    const lines = async (service: string) =>
      (await fleet.call('logs.read', { services: [service], lines: 3 })).lines.map(({ line }) => line)
    expect(await lines('bytes')).toEqual(['a\uFFFD\uFFFDb', '\uFFFD', 'ready'])
    expect(await lines(name)).toEqual([`${[...odd, 'naïve %s €'].join('|')}|`, 'ready'])
    expect(fleet.status(name).args.slice(3)).toEqual(odd)
    expect((await fleet.call('service.explain', { service: name })).spec).toMatchObject({ description: '100% 日本語' })
    await expect(fleet.call('service.start', { services: ['日本語 %s'] })).rejects.toMatchObject({
      code: 'not_found',
      message: 'there is no service "日本語 %s"',
    })
  })
})

describe('the RPC', () => {
  const served = async (services: Parameters<typeof start>[0]) => {
    const stateDir = file()
    const socket = `${stateDir}.sock`
    const fleet = await start(services, {
      stateDir,
      listeners: [{ name: 'control', endpoint: `unix:${socket}`, dialect: 'jsonrpc' }],
    })
    return { fleet, raw: await connectRaw(socket) }
  }
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__']

  test('supervisord test_security_disallows_underscore_methods, _object_traversal: names of JavaScript are names like any other', async () => {
    const { fleet, raw } = await served([specOf({ name: 'constructor', ...forever })])
    await fleet.until('constructor', 'healthy')
    const methods = [
      ...names,
      ...names.map((name) => `system.${name}`),
      ...names.map((name) => `${name}.status`),
      '_private',
      'system.status.read',
      '',
    ]
    for (const method of methods) {
      expect([method, await raw.ask({ method, params: {} })]).toMatchObject([method, { error: { code: -32601 } }])
    }
    for (const name of names) {
      const answer = await raw.ask({ method: 'service.stop', params: { services: [name] } })
      const stopped =
        name === 'constructor' ? { result: { results: [{ outcome: 'done' }] } } : { error: { data: { code: 'not_found' } } }
      expect([name, answer]).toMatchObject([name, stopped])
      expect(await raw.ask({ method: 'actor.get', params: { address: name } })).toMatchObject({
        error: { data: { code: 'not_found' } },
      })
      expect(
        await raw.ask({ method: 'actor.send', params: { to: 'service.constructor', event: { type: name } } }),
      ).toHaveProperty('error')
      // A key __proto__ is dropped before anybody looks at it; the others are fields that no command has.
      const given = await raw.text(`{"jsonrpc":"2.0","id":1,"method":"system.status","params":{"${name}":{"polluted":1}}}`)
      expect([name, given]).toMatchObject([name, name === '__proto__' ? { result: {} } : { error: {} }])
    }
    const { services } = (await raw.ask({ method: 'system.status', params: {} })).result as { services: object }
    expect(Object.keys(services)).toEqual(['constructor'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    raw.close()
  })

  test('supervisord test_multicall_faults_for_recursion: a batch in a batch is no request', async () => {
    const { raw } = await served([])
    expect(await raw.text('[[{"jsonrpc":"2.0","id":1,"method":"system.status"}]]')).toMatchObject([{ error: { code: -32600 } }])
    raw.close()
  })
})

test.each(modes)(
  'supervisord unkillable_spew.py: what ignores SIGTERM and floods is ended after its grace (%s)',
  async (containment) => {
    const fleet = await start([
      specOf({
        name: 'spew',
        containment,
        ...sh('trap "" TERM HUP INT; echo ready; head -c 4000000 /dev/zero | tr "\\0" x; while :; do echo spewage; done'),
        readiness: saysReady,
        stopGrace: 200,
      }),
      specOf({ name: 'calm', ...forever }),
    ])
    await fleet.until('spew', 'healthy')
    await fleet.call('service.stop', { services: ['spew'] })
    expect((await fleet.fact('spew', 'service.exited')).because).toBe('was ended by SIGKILL')
    expect(await leadersOf(fleet, 'spew')).toEqual([])
    expect(fleet.status('calm')).toMatchObject({ state: 'healthy', restart_count: 0 })
  },
)
