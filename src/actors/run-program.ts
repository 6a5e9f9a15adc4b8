import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import {
  neverRan,
  type ProgramCommand,
  type ProgramEnded,
  type ProgramResult,
  type ProgramType,
  type RunInput,
} from '../protocol/program.ts'
import { keepLast } from './bounded-output.ts'
import { isForeign } from './foreign-path.ts'
import { monotonic, readStat } from './proc.ts'
import { ProcessGroup } from './process-group.ts'
import { resolveCommand } from './resolve-command.ts'
import { createScanner, markOf, markVariable, programsMark } from './scan.ts'

export interface RunnerDependencies {
  /** What programs inherit, without our secrets; its PATH is where they are looked up. */
  readonly environment: NodeJS.ProcessEnv
  /** Where a program runs that nobody gave a folder. */
  readonly folder: string
  /** Names the state folder, in each program's mark. */
  readonly stateId: string
  /** Monotonic ms. */
  readonly clock?: () => number
}

export interface Runner {
  readonly logic: CallbackActorLogic<ProgramCommand, RunInput>
  /** The same without an actor; aborting kills it. */
  run(input: RunInput, signal: AbortSignal): Promise<ProgramResult>
  /** How many run now. */
  running(): number
  /** Resolves once nothing is left of those that were stopped. */
  cleared(): Promise<unknown>
}

/**
 * Runs one program to its end, as argv and never through a shell of its own, and keeps the end of what it writes. What it
 * started ends with it, and all of it when the actor is stopped.
 */
export function createRunner({ environment, folder: usual, stateId, clock = monotonic }: RunnerDependencies): Runner {
  const scanner = createScanner()
  const under = new Set<Promise<void>>()
  let running = 0

  async function start(input: RunInput, signal: AbortSignal): Promise<ProgramResult> {
    const { id, spec, argv, timeout, output } = input
    const began = clock()
    const folder = resolve(usual, input.folder ?? '.')
    const cwd = resolve(folder, spec.working_dir ?? '.')
    const [command = '', ...args] = argv
    const flaw = flawOfFolder(cwd)
    if (flaw !== null) return neverRan(spec, `Failed to spawn process: ${flaw}`)
    // Make, cargo and npm run what they find in it.
    if (spec.working_dir !== undefined && byFolder.has(spec.type) && isForeign(cwd, folder))
      return neverRan(spec, 'Failed to spawn process: others can write to its working_dir, and so choose what is run')
    // As seen from its usual folder and our own PATH: neither a caller's folder nor its variables choose another program.
    const resolved = resolveCommand(command, folder, environment)
    if ('because' in resolved) return neverRan(spec, `Failed to spawn process: ${systemWords(resolved.because)}`)

    // Loaded with the first program: most fleets never run one.
    const { execa } = await import('execa')
    if (signal.aborted) return neverRan(spec, stopped)
    const mark = markOf(stateId, programsMark, id)
    const child = execa(resolved.path, args, {
      cwd,
      env: { ...environment, PWD: cwd, ...spec.env, [markVariable]: mark },
      extendEnv: false,
      killDescendants: true,
      cleanup: false,
      reject: false,
      ...(input.stdin === undefined ? { stdin: 'ignore' } : { input: input.stdin }),
      stdout: 'pipe',
      stderr: 'pipe',
      buffer: false,
      timeout,
      forceKillAfterDelay: limits.programGrace,
    })
    const { pid } = child
    const spawned = clock()
    let exited = Infinity
    const streams = { stdout: keepLast(child.stdout, output), stderr: keepLast(child.stderr, output) }
    if (pid !== undefined) {
      const group = new ProcessGroup({ pid, start: startOf(pid) }, null, mark, scanner)
      const clear = (): void => {
        const work = clearing(group).finally(() => under.delete(work))
        under.add(work)
      }
      // What it leaves behind must neither live on nor hold its streams open.
      child.nodeChildProcess.once('exit', () => {
        exited = clock()
        clear()
        // What left the group and shed its mark can't be found, and may hold the streams: the program has ended all the same.
        const patience = setTimeout(() => {
          child.stdout.destroy()
          child.stderr.destroy()
        }, limits.programGrace)
        child.nodeChildProcess.once('close', () => clearTimeout(patience))
      })
      signal.addEventListener('abort', () => {
        group.kill()
        clear()
      })
    }
    const ended = await child
    // Or was its time up for its streams alone, which somebody else still had?
    const timedOut = ended.timedOut && exited - spawned >= timeout
    const [stdout, stderr] = [streams.stdout(), streams.stderr()]
    const neverBegan = pid === undefined
    return {
      program: spec,
      success: !timedOut && ended.exitCode === 0,
      exit_code: timedOut ? null : (ended.exitCode ?? null),
      stdout: neverBegan ? null : stdout.text,
      stderr: neverBegan ? null : stderr.text,
      truncated: stdout.truncated || stderr.truncated,
      execution_time_ms: Math.round(clock() - began),
      error_message: timedOut ? 'Command timed out' : reasonOf(ended, neverBegan),
    }
  }

  const run: CallbackLogicFunction<ProgramCommand, ProgramEnded, RunInput> = ({ input, sendBack }) => {
    const stop = new AbortController()
    running++
    const work = async (): Promise<void> => {
      const result = await start(input, stop.signal).catch((error: unknown) =>
        neverRan(input.spec, `Failed to spawn process: ${messageOf(error)}`.slice(0, limits.quotedText)),
      )
      running--
      if (!stop.signal.aborted) sendBack({ type: 'program.ended', result, at: clock() })
    }
    void work()
    return () => stop.abort()
  }

  return { logic: fromCallback(run), run: start, running: () => running, cleared: () => Promise.all(under) }
}

const stopped = 'Command was stopped'
const byFolder = new Set<ProgramType>(['make', 'cargo', 'npm'])

interface End {
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly originalMessage?: string | undefined
}

function reasonOf({ exitCode, signal, originalMessage }: End, neverBegan: boolean): string | null {
  if (neverBegan) return `Failed to spawn process: ${originalMessage ?? 'for an unknown reason'}`.slice(0, limits.quotedText)
  if (exitCode === 0) return null
  return exitCode === undefined ? `was ended by ${signal ?? 'an error'}` : `exited with code ${exitCode}`
}

/** As the system's own errors read, which clients of old compare. */
const systemWords = (because: string): string =>
  /not executable|can't be|not a (program|regular)|directory, not/.test(because)
    ? 'Permission denied (os error 13)'
    : 'No such file or directory (os error 2)'

function flawOfFolder(path: string): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'No such file or directory (os error 2)'
    return stats.isDirectory() ? null : 'Not a directory (os error 20)'
  } catch {
    return 'Permission denied (os error 13)'
  }
}

/** 0: it can't be known now. */
function startOf(pid: number): number {
  try {
    return readStat(pid)?.start ?? 0
  } catch {
    return 0
  }
}

/** Kills what is left of it until nothing is. Bounded: what can't be killed would keep us busy for ever. */
async function clearing(group: ProcessGroup): Promise<void> {
  const rounds = limits.stuckAfter / limits.sweepInterval
  for (let round = 0; round < rounds; round++) {
    group.kill()
    if (await group.isGone()) return
    await sleep(Math.min(2 ** round, limits.sweepInterval), undefined, { ref: false })
  }
}
