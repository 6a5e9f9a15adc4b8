import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { expect } from 'vitest'
import { createContainers } from '../../src/actors/containment.ts'
import { commands } from '../../src/commands/registry.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { eventually } from './eventually.ts'

export const cli = resolve(import.meta.dirname, '../../src/cli/main.ts')

const compileCache = resolve(import.meta.dirname, 'compile-cache.mjs')

/** Ports of their own for orchestrators beside one another. */
export const freePorts = { SUPERVISOR_PORT: '0', HYPHAE_HTTP_PORT: '0' }

/** On a slow machine everything takes longer than a moment: what is said of that comes in no comparison of stderr. */
const quiet = { HYPHAE_PROGRESS: 'off' }

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly out: string
  readonly err: string
  readonly ended: Promise<Ran>
}

export interface Place {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** Options of Node's own. */
  readonly node?: readonly string[]
  /** Another of our programs. */
  readonly main?: string
}

/** A command line as its own process. What this process has of Hyphae's variables does not reach it. */
export function launch(args: readonly string[], { cwd, env = {}, node = [], main = cli }: Place): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HYPHAE_|SUPERVISOR_|NO_COLOR|FORCE_COLOR)/.test(name))
  const child = spawn(process.execPath, ['--import', compileCache, ...node, main, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...quiet, ...freePorts, ...env },
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ended = new Promise<Ran>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return {
    child,
    ended,
    get out() {
      return out
    },
    get err() {
      return err
    },
  }
}

/** A folder with a config, for command lines to run in. */
export function fleetFolder(config: string) {
  const cwd = mkdtempSync(join(tmpdir(), 'hyphae-cli-'))
  writeFileSync(join(cwd, 'hyphae.yaml'), config)
  const stateDir = join(cwd, '.hyphae')
  const ups: Running[] = []
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> => launch(args, { cwd, env }).ended
  return {
    cwd,
    stateDir,
    run,
    async status(service: string): Promise<ServiceStatus> {
      const { out, err } = await run(['status', '--json', service])
      const found = err === '' ? commands['system.status'].output.parse(JSON.parse(out)).services[service] : undefined
      if (found === undefined) throw new Error(`no ${service} in ${out}${err}`)
      return found
    },
    /** `up`, once it says that everything has come up. */
    async up(env: NodeJS.ProcessEnv = {}, args: readonly string[] = [], node: readonly string[] = []): Promise<Running> {
      const running = launch(['up', ...args], { cwd, env, node })
      ups.push(running)
      await eventually(() => {
        if (running.child.exitCode !== null) throw new Error(`up ended: ${running.out}${running.err}`)
        expect(running.out).toMatch(/^NAME +STATUS/m)
      }, 30_000)
      return running
    },
    /** Leaves neither processes nor files behind. */
    async end(): Promise<void> {
      for (const { child, ended } of ups) {
        // The second one kills what does not stop.
        child.kill('SIGTERM')
        child.kill('SIGCONT')
        const timer = setInterval(() => child.kill('SIGINT'), 200)
        await ended
        clearInterval(timer)
      }
      // One that runs in the background, and services that were left without one.
      if (existsSync(join(stateDir, 'control.sock'))) await run(['down'])
      let left = false
      await eventually(() => {
        const pids = livingIn(cwd)
        left ||= pids.length > 0
        for (const pid of pids) process.kill(pid, 'SIGKILL')
        expect(pids).toEqual([])
      })
      if (left) createContainers({ stateId: stateIdOf(stateDir) }).removeAll()
      rmSync(cwd, { recursive: true, force: true })
    },
  }
}
export type FleetFolder = ReturnType<typeof fleetFolder>

/** Processes that work in a folder; none where there is no /proc to tell. */
function livingIn(folder: string): number[] {
  if (!existsSync('/proc/self/cwd')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === folder
      } catch {
        return false
      }
    })
    .map(Number)
}

/** Does it run? One that has ended and that nobody has collected yet (an adopted one, say) does not. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !existsSync('/proc/self/stat') || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
