import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { markedProcesses } from '../../src/actors/scan.ts'
import { connect, type Client } from '../../src/client/index.ts'
import { findControlSocket } from '../../src/control-socket.ts'
import { HyphaeError, messageOf } from '../../src/protocol/errors.ts'
import { modeVariable } from '../../src/protocol/mode.ts'
import type { FleetStatus } from '../../src/protocol/status.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { chance } from './chance.ts'
import { eventually } from './eventually.ts'
import { byHand, judge, judgeReturn, settled } from './interplay-judge.ts'

/**
 * Everything at once: switches, custom restarts, reloads, lockdowns, ends of services and of the whole orchestrator, in lanes
 * beside one another. After each round it waits until all is quiet, and compares what is promised with what is there.
 */

export interface Interplay {
  readonly rounds: number
  readonly seed: number
  /** What runs `hyphae`: the program and its first arguments. */
  readonly hyphae: readonly [string, ...string[]]
  readonly told?: (text: string) => void
}

export interface InterplayFigures {
  readonly asked: number
  /** How often each act ended how. */
  readonly outcomes: Readonly<Record<string, number>>
  /** What was wrong, in words. */
  readonly wrong: readonly string[]
  /** Descriptors of the orchestrator after each round. */
  readonly descriptors: readonly number[]
}

const sleeper = { command: '/bin/sleep', args: ['100000'] }
const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script] })
const ready = { ...shell('echo ready; while :; do sleep 0.1; done'), readiness: { log: 'ready' } }

/** What of the config changes from reload to reload. */
interface Said {
  readonly lean: boolean
  readonly moved: boolean
  readonly level: string
  readonly mode: string
}

const configOf = ({ lean, moved, level, mode }: Said) => ({
  supervisor: {
    mode,
    default_service: 'magictunnel',
    restart: { delay: 50, max_delay: 200, jitter: 0, max_restarts: 'unlimited' },
    security: { allowed_programs: { shell: ['echo', 'sleep', 'false'] } },
    services: {
      magictunnel: ready,
      same: sleeper,
      old: { ...sleeper, modes: moved ? ['advanced'] : ['proxy'] },
      new: { ...ready, modes: ['advanced'] },
      slow: { ...shell('trap "sleep 0.1; exit 0" TERM; while :; do sleep 0.05; done'), modes: ['advanced'] },
      pool: { ...sleeper, instances: 2 },
      broken: { command: 'false', restart_policy: 'never', modes: ['broken'] },
      one: sleeper,
      two: { ...sleeper, modes: ['proxy', 'advanced'] },
      needy: { ...sleeper, depends_on: { magictunnel: 'healthy' } },
      beside: { ...ready, restart: { overlap: true } },
    },
    groups: { pair: { services: ['one', 'two'], strategy: 'one_for_all' } },
    modes: {
      proxy: {},
      advanced: { env: { LEVEL: level }, args: { pool: ['200000'] } },
      broken: {},
      ...(lean ? { lean: { description: 'little' } } : {}),
    },
    on_event: [
      { name: 'bad', events: ['crashed'], exec: ['/bin/false'], retries: 1, delay: 50 },
      { name: 'hanging', events: ['crashed'], exec: ['/bin/sleep', '1000'], timeout: 1, retries: 0 },
    ],
  },
})

/** What needs it would wait for it as long as it is stopped. */
const needed = 'magictunnel'
const others = ['same', 'old', 'new', 'slow', 'one', 'two', 'needy', 'beside', 'pool-1']
const acts = [
  'mode',
  'mode',
  'custom',
  'custom',
  'restart',
  'rolling',
  'group',
  'stop',
  'start',
  'crash',
  'reload',
  'lockdown',
] as const
type Act = (typeof acts)[number]
const ends = ['none', 'none', 'kill', 'kill', 'flag', 'leave', 'down'] as const

export async function interplay({ rounds, seed, hyphae, told = () => {} }: Interplay): Promise<InterplayFigures> {
  const random = chance(seed)
  const pick = <T>(all: readonly [T, ...T[]] | readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-interplay-'))
  const stateDir = join(folder, '.hyphae')
  const stateId = stateIdOf(stateDir)
  const file = join(folder, 'hyphae.yaml')
  const { [modeVariable]: _, ...inherited } = process.env
  const env = { ...inherited, SUPERVISOR_PORT: '0', HYPHAE_HTTP_PORT: '0', HYPHAE_PROGRESS: 'off' }
  const wrong: string[] = []
  const outcomes: Record<string, number> = {}
  const descriptors: number[] = []
  let asked = 0
  let said: Said = { lean: true, moved: false, level: '1', mode: 'proxy' }
  let edited = false
  let up: ChildProcess | undefined
  let lastWords = ''

  const write = (next: Said): void => {
    said = next
    edited = true
    writeFileSync(file, JSON.stringify(configOf(next)))
  }
  const launch = async (...args: string[]): Promise<Client> => {
    const [program, ...rest] = hyphae
    lastWords = ''
    const child = spawn(program, [...rest, 'up', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    up = child
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-4_000)))
    return eventually(async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('up ended')
      const client = await connect({ socket: findControlSocket(stateDir), timeout: 60_000 })
      const { supervisor } = await client.call('system.status', { services: [] })
      if (supervisor.pid === child.pid && supervisor.status === 'running') return client
      client.close()
      throw new Error(`it is ${supervisor.status}`)
    }, 20_000)
  }
  const ended = async (): Promise<void> => {
    if (up === undefined || up.exitCode !== null || up.signalCode !== null) return
    const child = up
    await new Promise((resolve) => child.once('exit', resolve))
  }

  const crash = async (client: Client): Promise<void> => {
    const { services } = await client.call('system.status', {})
    const pid = pick(Object.values(services).flatMap((one) => one.pid ?? []))
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(stateId)) process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
  const lockdown = async (client: Client): Promise<unknown> => {
    await client.call('system.lockdown', { on: true, reason: 'a try' })
    await sleep(random() * 20)
    return client.call('system.lockdown', { on: false })
  }
  const reload = (client: Client): Promise<unknown> => {
    const [level, mode] = [pick(['1', '2']), pick(['proxy', 'proxy', 'advanced'])]
    write({ lean: random() < 0.7, moved: random() < 0.3, level, mode })
    return client.call('system.reload', {})
  }
  const custom = (client: Client): Promise<unknown> => {
    const pre = pick(['sleep 0.3', 'echo a', 'false'])
    const own = random() < 0.3 ? { [modeVariable]: 'mine' } : {}
    return client.call('service.custom_restart', {
      service: pick([needed, ...others]),
      pre_commands: random() < 0.5 ? [{ type: 'shell', command: pre }] : [],
      ...(random() < 0.5 ? { env: { [byHand]: String(asked), ...own } } : {}),
      remember: random() < 0.6,
      wait: random() < 0.6,
    })
  }
  const act = (kind: Act, client: Client): Promise<unknown> => {
    const wait = random() < 0.6
    if (kind === 'mode') return client.call('system.switch_mode', { mode: pick(['proxy', 'advanced', 'broken', 'lean']), wait })
    if (kind === 'custom') return custom(client)
    if (kind === 'crash') return crash(client)
    if (kind === 'reload') return reload(client)
    if (kind === 'lockdown') return lockdown(client)
    if (kind === 'stop') return client.call('service.stop', { services: [pick(others)], wait })
    if (kind === 'start') return client.call('service.start', { services: [pick(others)], wait })
    const services = [kind === 'rolling' ? 'pool' : kind === 'group' ? 'pair' : pick([needed, ...others])]
    return client.call('service.restart', { services, wait })
  }
  /** One after the other; a refusal is an answer. */
  const lane = async (client: Client, over: () => boolean): Promise<void> => {
    while (!over()) {
      const kind = pick(acts)
      let outcome = 'done'
      asked++
      try {
        await act(kind, client)
      } catch (error) {
        if (!(error instanceof HyphaeError)) throw error
        outcome = error.code
        if (outcome === 'internal' || outcome === 'timeout') wrong.push(`${kind}: ${error.message}`)
      }
      outcomes[`${kind} ${outcome}`] = (outcomes[`${kind} ${outcome}`] ?? 0) + 1
      if (outcome === 'unavailable') return
    }
  }

  /** The file is what is in force: an edit that nobody has read is read now. */
  const followFile = async (client: Client): Promise<void> => {
    await client.call('system.lockdown', { on: false })
    await settled(client)
    if (!edited) return
    await client.call('system.reload', {}).catch((error: unknown) => {
      if (!messageOf(error).includes('it is not here')) throw error
      write({ ...said, lean: true })
      return client.call('system.reload', {})
    })
    edited = false
  }
  const end = async (way: (typeof ends)[number], client: Client): Promise<Client> => {
    if (way === 'none') return client
    // A lane may have locked it again.
    if (way === 'leave' || way === 'down') {
      await eventually(async () => {
        await client.call('system.lockdown', { on: false })
        await client.call(way === 'leave' ? 'system.leave' : 'system.shutdown', {})
      }).catch(() => {})
    } else up?.kill('SIGKILL')
    await ended()
    client.close()
    const flag = pick(['proxy', 'advanced'])
    const next = await (way === 'flag' ? launch('--mode', flag) : launch())
    const { mode, source } = await next.call('system.mode', {})
    if (way === 'flag' && mode !== flag) wrong.push(`--mode ${flag} gives ${mode}`)
    if (way === 'down' && source === 'switched') wrong.push(`after a shutdown the mode is ${mode} still`)
    return next
  }
  const quietKill = async (before: FleetStatus, client: Client, say: (text: string) => void): Promise<Client> => {
    const { mode, mode_source: source } = before.supervisor
    up?.kill('SIGKILL')
    await ended()
    client.close()
    const next = await (source === 'flag' ? launch('--mode', mode ?? '') : launch())
    judgeReturn(before, await settled(next), (text) => say(`after a kill -9: ${text}`))
    return next
  }

  try {
    write(said)
    let client = await launch()
    edited = false
    for (let round = 0; round < rounds; round++) {
      const say = (text: string): void => void wrong.push(`round ${round}: ${text}`)
      const way = pick(ends)
      const [until, reached] = [performance.now() + 300 + random() * 2_000, client]
      const lanes = [1, 2, 3].map(() => lane(reached, () => performance.now() > until))
      if (way === 'none') await Promise.all(lanes)
      else await sleep(random() * 2_000)
      client = await end(way, client)
      await Promise.all(lanes)
      await followFile(client)
      const status = await judge({ client, file, stateId, env, say })
      client = await quietKill(status, client, say)
      descriptors.push(readdirSync(`/proc/${up?.pid}/fd`).length)
      // What was stopped runs again, so that the next round has something.
      const stopped = Object.entries(status.services).flatMap(([name, { desired }]) => (desired === 'stop' ? [name] : []))
      if (stopped.length > 0) await client.call('service.start', { services: stopped })
      told(`round ${round + 1} of ${rounds} (${way}): ${asked} asked, ${wrong.length} wrong`)
    }
    client.close()
  } catch (error) {
    throw new Error([messageOf(error), ...wrong, lastWords].join('\n'), { cause: error })
  } finally {
    up?.kill('SIGTERM')
    await ended()
    for (const { pid } of await markedProcesses(stateId)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  return { asked, outcomes, wrong, descriptors }
}
