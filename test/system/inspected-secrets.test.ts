import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { afterEach, expect, test } from 'vitest'
import { connect } from '../../src/client/index.ts'
import { eventually } from '../support/eventually.ts'
import { siege, type Siege } from '../support/up.ts'

/** Secrets wherever a config and its operators have them, and every byte that a viewer can ask the inspector for. */

const ends: Array<() => unknown> = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

let plants: Record<string, string> = {}
const plant = (where: string): string => {
  const text = `planted${Object.keys(plants).length}x${Math.random().toString(36).slice(2, 10)}`
  plants[text] = where
  return text
}

test('no secret of a config or an operator is in what the inspector is told', async () => {
  plants = {}
  const admin = plant('security.tokens admin')
  const viewer = plant('security.tokens viewer')
  const own = plant('security.token')
  const more = {
    port: 0,
    security: {
      authentication: {
        enabled: true,
        token: own,
        tokens: [
          { name: 'ops', token: admin, role: 'admin' },
          { name: 'screen', token: viewer, role: 'viewer' },
        ],
      },
      allowed_programs: { binary: ['/bin/echo', '/bin/sh', 'echo'] },
    },
    on_event: [
      {
        name: 'pager',
        events: ['crashed', 'restarted', 'ready', 'failed', 'stopped'],
        webhook: `http://user:${plant('webhook user')}@127.0.0.1:1/alerts/${plant('webhook path')}?key=${plant('webhook query')}`,
        headers: { 'x-own': plant('webhook header') },
        secret: plant('webhook secret'),
        retries: 1,
        delay: 10,
      },
      {
        name: 'notebook',
        events: ['crashed', 'restarted', 'ready', 'failed'],
        exec: ['/bin/sh', '-c', 'exit 1', 'x', '--token', plant('hook exec option'), `API_KEY=${plant('hook exec assignment')}`],
        retries: 1,
        delay: 10,
      },
    ],
    modes: {
      one: { services: [] },
      two: {
        services: { web: { args: ['-c', 'sleep 1000', 'x', '--password', plant('mode args')], env: { A: plant('mode env') } } },
      },
    },
    mode: 'one',
  }
  const one: Siege = siege({
    services: {
      web: {
        command: '/bin/sh',
        args: ['-c', 'sleep 1000', 'x', '--api-key', plant('args option'), `--db-password=${plant('args assigned')}`],
        env: { PLAIN: plant('env'), DB_URL: `postgres://me:${plant('env url')}@db/x` },
        env_file: 'web.env',
        modes: ['one', 'two'],
      },
      crash: {
        command: '/bin/sh',
        args: ['-c', `echo $PRINTED; sleep 0.3; exit 3`],
        env: { PRINTED: plant('printed env') },
        max_restarts: 'unlimited',
      },
      probe: {
        command: '/bin/sleep',
        args: ['1000'],
        liveness: {
          http: {
            url: `http://me:${plant('probe user')}@127.0.0.1:1/x?token=${plant('probe query')}`,
            headers: { 'X-Any': plant('probe header'), Authorization: `Bearer ${plant('probe bearer')}` },
          },
          interval: 0.2,
          timeout: 0.2,
          failures: 2,
        },
        restart: { on_unhealthy: false },
      },
      look: {
        command: '/bin/sleep',
        args: ['1000'],
        liveness: { exec: ['/bin/sh', '-c', 'exit 1', 'x', '--token', plant('probe exec')], interval: 0.2, failures: 100 },
      },
      once: { command: '/bin/true', one_shot: true },
    },
    more,
  })
  ends.push(() => one.end())
  writeFileSync(join(one.cwd, 'web.env'), `FROM_FILE=${plant('env file')}\n`)
  const file = join(one.cwd, 'hyphae.yaml')
  const config = { ...(JSON.parse(readFileSync(file, 'utf8')) as object), http: { port: 0 } }
  writeFileSync(file, JSON.stringify(config))
  const up = one.launch({ env: { SUPERVISOR_PORT: '0', HYPHAE_HTTP_PORT: '0' } })
  await eventually(async () => {
    const { services: all } = await one.status()
    if (!JSON.stringify(all['crash']).includes('"restart_count":2')) throw new Error(JSON.stringify(all['crash']) + up.words())
  }, 30_000)
  const status = await one.status()
  const { address = '' } = status.listeners.find(({ name }) => name === 'http') ?? {}
  const origin = `http://${address}`

  const heard: Record<string, string> = {}
  const hear = (from: string, text: string): void => void (heard[from] = (heard[from] ?? '') + text)
  for (const path of ['xstate', 'stately']) {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/inspect/${path}`, {
      headers: { authorization: `Bearer ${viewer}` },
    })
    ends.push(() => socket.close())
    socket.on('message', (text: Buffer) => hear(path, text.toString()))
    socket.on('open', () => path === 'xstate' && socket.send('{"type":"xstate.inspecting"}'))
    socket.on('error', (error) => hear('socket errors', String(error)))
  }
  const watcher = await connect({ url: origin, token: viewer })
  ends.push(() => watcher.close())
  const aside = (name: string, items: AsyncIterable<unknown>): void =>
    void (async () => {
      for await (const item of items) hear(name, JSON.stringify(item))
    })().catch(() => {})
  aside('watch', watcher.stream('inspection.watch', { history: 0 }))
  aside('actors', watcher.stream('actor.watch', { facts: true }))
  await eventually(() => expect(heard['watch']).toContain('"begin"'))
  const look = async (): Promise<void> => hear('context', JSON.stringify(await watcher.call('inspection.context', {})))

  const operator = await connect({ url: origin, token: admin })
  ends.push(() => operator.close())
  const attempt = async (name: string, input: object): Promise<void> => {
    const under = { way: true }
    const answer = operator
      .call(name as 'system.status', input as never)
      .catch((error: unknown) => hear('errors', `${name} ${String(error)}\n`))
    void answer.finally(() => (under.way = false))
    // What stands in contexts only meanwhile is seen, too.
    while (under.way) await look()
  }
  await attempt('service.custom_restart', {
    service: 'web',
    args: ['-c', 'sleep 1000', 'x', '--secret', plant('custom args')],
    env: { CUSTOM: plant('custom env') },
    pre_commands: [
      { type: 'binary', command: '/bin/echo', args: ['--token', plant('pre args')], env: { PRE: plant('pre env') } },
      { type: 'binary', command: '/bin/sh', args: ['-c', 'echo $PRE'], env: { PRE: plant('pre output') } },
    ],
    post_commands: [
      { type: 'binary', command: '/bin/sh', args: ['-c', 'echo $POST >&2; exit 1'], env: { POST: plant('post output') } },
    ],
  })
  const program = { type: 'binary', command: '/bin/sh', args: ['-c', 'echo $P'], env: { P: plant('program output') } }
  await attempt('program.run', { program })
  const { ticket } = await operator.call('access.ticket', { role: 'viewer' })
  plants[ticket] = 'ticket, used'
  const unused = await operator.call('access.ticket', { role: 'viewer' })
  plants[unused.ticket] = 'ticket, not used'
  const answer = await fetch(`${origin}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  const { token } = (await answer.json()) as { token: string }
  plants[token] = 'token of a login'
  await (await connect({ url: origin, token })).call('system.whoami', {})
  const typed = plant('wrong token')
  await fetch(`${origin}/rpc`, { method: 'POST', body: '{}', headers: { authorization: `Bearer ${typed}` } })
  await attempt('system.switch_mode', { mode: 'two' })
  const changed = plant('reloaded env')
  const text = readFileSync(file, 'utf8').replace('"PLAIN":', `"CHANGED":"${changed}","PLAIN":`)
  writeFileSync(file, text)
  await attempt('system.reload', {})
  await attempt('service.restart', { services: ['web', 'probe', 'once'] })
  await attempt('service.stop', { services: ['look'] })
  await look()
  const last = (await watcher.call('inspection.context', {})).seq
  aside('history', (await connect({ url: origin, token: viewer })).stream('inspection.watch', { history: 8192 }))
  // Whoever was overtaken is told the present anew, so that one record may be missing.
  const told = (from: string): number =>
    Array.from((heard[from] ?? '').matchAll(/"seq":(\d+)/g)).reduce((most, [, seq]) => Math.max(most, Number(seq)), 0)
  for (const from of ['history', 'watch']) await eventually(() => expect(told(from) >= last).toBe(true))
  hear('actor.list', JSON.stringify(await watcher.call('actor.list', {})))
  for (const { address } of (await watcher.call('actor.list', {})).actors)
    hear('actor.get', JSON.stringify(await watcher.call('actor.get', { address }).catch(() => null)))
  hear('status', JSON.stringify(await watcher.call('system.status', {})))
  hear('events', JSON.stringify(await watcher.call('events.read', { limit: 10_000 })))
  const charts = new Set(heard['watch']?.match(/"chart":"([^"]+)"/g)?.map((one) => one.slice(9, -1)))
  for (const hash of charts) hear('charts', JSON.stringify(await watcher.call('inspection.chart', { hash })))
  hear('up.out', up.words())
  hear('processes', execFileSync('ps', ['-eo', 'args']).toString())

  // Facts, logs and the command lines of processes show arguments, to whoever may see those: what is told to nobody is not there.
  const shown: ReadonlySet<string> = new Set(['watch', 'history', 'context', 'xstate', 'stately', 'charts'])
  const leaks: string[] = []
  const forms = (secret: string): string[] => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(secret).toString('hex'),
  ]
  for (const [from, all] of Object.entries(heard))
    for (const [secret, where] of Object.entries(plants)) {
      if (!shown.has(from) && !/ticket|token|security|webhook|env/.test(where)) continue
      for (const form of forms(secret)) {
        const at = all.indexOf(form)
        if (at >= 0) leaks.push(`${where} in ${from}: ${all.slice(Math.max(0, at - 400), at + 60)}`)
      }
    }
  expect(leaks.map((leak) => leak.slice(0, 700))).toEqual([])
}, 200_000)
