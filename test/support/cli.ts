import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'

export const cli = resolve(import.meta.dirname, '../../src/cli/main.ts')

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
}

/** A command line as its own process. What this process has of Hyphae's variables does not reach it. */
export function launch(args: readonly string[], { cwd, env = {} }: Place): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HYPHAE_|SUPERVISOR_|NO_COLOR|FORCE_COLOR)/.test(name))
  const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...Object.fromEntries(inherited), ...env } })
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
  const ups: Running[] = []
  return {
    cwd,
    stateDir: join(cwd, '.hyphae'),
    run: (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> => launch(args, { cwd, env }).ended,
    /** `up`, once it says that everything has come up. */
    async up(env: NodeJS.ProcessEnv = {}, args: readonly string[] = []): Promise<Running> {
      const running = launch(['up', ...args], { cwd, env })
      ups.push(running)
      await eventually(() => {
        if (running.child.exitCode !== null) throw new Error(`up ended: ${running.out}${running.err}`)
        expect(running.out).toMatch(/^NAME +STATUS/m)
      })
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
      rmSync(cwd, { recursive: true, force: true })
    },
  }
}
export type FleetFolder = ReturnType<typeof fleetFolder>

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
