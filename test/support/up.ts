import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createContainers } from '../../src/actors/containment.ts'
import { readStat } from '../../src/actors/proc.ts'
import { markedProcesses } from '../../src/actors/scan.ts'
import { type Client, connect } from '../../src/client/index.ts'
import { findControlSocket } from '../../src/control-socket.ts'
import type { Fact, FactType } from '../../src/protocol/facts.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import type { FleetStatus } from '../../src/protocol/status.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { cli, freePorts, type Ran } from './cli.ts'
import { eventually } from './eventually.ts'

/** `hyphae up` as a process of its own that something is done to, again and again. `end` leaves nothing behind. */

export interface Place {
  /** By name, as in a config. */
  readonly services: Readonly<Record<string, object>>
  readonly groups?: Readonly<Record<string, object>>
  /** What else the supervisor's block says. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly stateDir?: string
  /** The state folder as it is seen from here, where that is another path. */
  readonly seen?: string
  /** Whoever runs `up` goes through this program first: its arguments come behind. */
  readonly enter?: readonly string[]
  /** Who `up` runs as, where that is somebody else: its folder is theirs. */
  readonly owner?: number | undefined
}

export interface Way {
  /** A program that becomes `up`: its arguments come behind. */
  readonly before?: readonly string[]
  /** Options of Node's own. */
  readonly node?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly stdout?: number
}

export interface Up {
  readonly child: ChildProcess
  readonly pid: number
  readonly ended: Promise<Ran>
  /** What it has said so far. */
  words(): string
}

export function siege({ services, groups = {}, more = {}, stateDir: given, seen = given, enter = [], owner }: Place) {
  const cwd = mkdtempSync(join(tmpdir(), 'hyphae-siege-'))
  const stateDir = given ?? join(cwd, 'state')
  const supervisor = { restart: { delay: 50, max_delay: 200, jitter: 0, max_restarts: 'unlimited' }, services, groups, ...more }
  writeFileSync(join(cwd, 'hyphae.yaml'), JSON.stringify({ state: stateDir, supervisor }))
  if (owner !== undefined) chownSync(cwd, owner, owner)
  const ups: Up[] = []

  const launch = (args: readonly string[], { before = [], node = [], env = {}, stdout }: Way): Up => {
    const [program = '', ...rest] = [...enter, ...before, process.execPath, ...node, cli, ...args]
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HYPHAE_'))
    const stdio = ['ignore' as const, stdout ?? ('pipe' as const), 'pipe' as const]
    const child = spawn(program, rest, { cwd, env: { ...Object.fromEntries(inherited), ...freePorts, ...env }, stdio })
    let [out, err] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
    const ended = new Promise<Ran>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
    return { child, pid: child.pid ?? 0, ended, words: () => out + err }
  }
  const reach = (timeout: number = 2_000): Promise<Client> => connect({ socket: findControlSocket(seen ?? stateDir), timeout })
  /** On a connection of its own: a fault may have taken the one before. */
  const ask = async <T>(talk: (client: Client) => Promise<T>): Promise<T> => {
    const client = await reach()
    try {
      return await talk(client)
    } finally {
      client.close()
    }
  }
  const status = (): Promise<FleetStatus> => ask((client) => client.call('system.status', {}, { timeout: 2_000 }))
  const service = async (name: string): Promise<ServiceStatus> => {
    const found = (await status()).services[name]
    if (found === undefined) throw new Error(`there is no service ${name}`)
    return found
  }

  return {
    cwd,
    stateDir,
    ask,
    reach,
    status,
    service,
    run: (...args: string[]): Promise<Ran> => launch(['-c', join(cwd, 'hyphae.yaml'), ...args], {}).ended,
    /** `up`, not waited for. */
    launch(way: Way = {}): Up {
      const up = launch(['-c', join(cwd, 'hyphae.yaml'), 'up'], way)
      ups.push(up)
      return up
    },
    /** `up`, once everything runs that is to. */
    async up(way: Way = {}): Promise<Up> {
      const up = this.launch(way)
      await eventually(async () => {
        if (up.child.exitCode !== null) throw new Error(`up ended: ${up.words()}`)
        const { supervisor, services: all } = await status()
        const late = Object.entries(all).filter(([, { state }]) => !['healthy', 'completed', 'stopped'].includes(state))
        if (supervisor.pid !== up.pid || supervisor.status !== 'running' || late.length > 0)
          throw new Error(`not yet: ${JSON.stringify(late)} ${up.words()}`)
      }, 30_000)
      return up
    },
    /** Facts of a kind, also about one service, oldest first. */
    facts: async (type: FactType, about?: string): Promise<readonly Fact[]> => {
      const { events } = await ask((client) => client.call('events.read', { limit: 10_000 }))
      return events.filter((fact) => fact.type === type && (about === undefined || fact.about === `service.${about}`))
    },
    async kill({ child, ended }: Up): Promise<void> {
      child.kill('SIGKILL')
      await ended
    },
    async end(): Promise<void> {
      for (const { child, ended } of ups) {
        child.kill('SIGTERM')
        const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
        await ended
        clearTimeout(timer)
      }
      const stateId = stateIdOf(stateDir)
      await eventually(async () => {
        const left = await markedProcesses(stateId)
        for (const { pid } of left) process.kill(pid, 'SIGKILL')
        if (left.length > 0) throw new Error(`${left.length} processes are left`)
      })
      await eventually(() => {
        if (!createContainers({ stateId }).removeAll()) throw new Error('a cgroup is left')
      })
      rmSync(cwd, { recursive: true, force: true })
    },
  }
}
export type Siege = ReturnType<typeof siege>

/** How much of a core a process takes over so many ms. */
export async function load(pid: number, ms: number): Promise<number> {
  const spent = (): number => readStat(pid)?.cpu ?? Number.NaN
  const [since, before] = [performance.now(), spent()]
  await new Promise((resolve) => setTimeout(resolve, ms))
  return (spent() - before) / (performance.now() - since)
}
