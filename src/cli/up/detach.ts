import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../client/index.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { findControlSocket } from '../../control-socket.ts'
import { errorCodes, HyphaeError, messageOf } from '../../protocol/errors.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { queryTime } from '../connection.ts'
import { withProgress } from '../progress.ts'
import { resumedModeLines } from '../render/mode.ts'
import { addressLines, faultLines, servicesTable } from '../render/status.ts'
import { out } from '../terminal.ts'
import { flagWords } from './flags.ts'
import { makeFolder } from './own-log.ts'

/** How often one looks whether the orchestrator answers, ms. */
const lookEvery = 50

/**
 * Runs `up` in a session of its own, with nothing of our terminal, and waits until its orchestrator runs.
 * What it prints goes to `up.out` in the state folder.
 */
export async function detach(
  { path, stateDir, flags }: LoadedConfig,
  { json, watch }: { readonly json: boolean; readonly watch: boolean },
): Promise<void> {
  makeFolder(stateDir)
  const output = join(stateDir, 'up.out')
  const { pid, ended, settle } = launch(['-c', path, ...flagWords(flags), ...(watch ? ['--watch'] : [])], output)
  const over = new AbortController()
  const early = ended.then((exit): never => {
    over.abort()
    const file = settle(exit !== errorCodes.busy.exit)
    const wrote = readFileSync(file, 'utf8').trim()
    if (file !== output) rmSync(file)
    throw new EndedEarly(exit, wrote)
  })
  let text = `waiting until the orchestrator (pid ${pid}) answers`
  const runs = async (): Promise<FleetStatus> => {
    while (!over.signal.aborted) {
      const fleet = await statusOf(stateDir)
      if (fleet !== undefined && fleet.supervisor.pid === pid) {
        settle(true)
        if (fleet.supervisor.status === 'running') return fleet
        text = `the orchestrator (pid ${pid}) is ${fleet.supervisor.status}`
      }
      await sleep(lookEvery)
    }
    return early
  }
  const fleet = await withProgress(Promise.race([early, runs()]), () => Promise.resolve(text))
  if (json) return out.json(fleet)
  const look = out.look()
  await out.lines([
    ...servicesTable(fleet.services, look),
    ...faultLines(fleet, look, Date.now()),
    ...resumedModeLines(fleet.supervisor),
    '',
    ...addressLines(fleet, look),
    '',
    `running in the background as pid ${pid}; what it prints goes to ${output}`,
  ])
}

interface Launched {
  readonly pid: number | undefined
  /** Its exit code. */
  readonly ended: Promise<number>
  /** Where its output is; from when it is `ours`, that is in its place. */
  settle(ours: boolean): string
}

/** `up` as a process that does not end with us. */
function launch(words: readonly string[], output: string): Launched {
  // Another one may be running and write to the file of this name: who is refused must not empty it.
  let path = `${output}.${process.pid}`
  const file = openFresh(path)
  try {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'up', ...words], {
      detached: true,
      stdio: ['ignore', file, file],
    })
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => resolve(code ?? errorCodes.failed.exit))
    })
    child.unref()
    return {
      pid: child.pid,
      ended,
      settle(ours) {
        if (ours && path !== output) renameSync(path, output)
        if (ours) path = output
        return path
      },
    }
  } finally {
    closeSync(file)
  }
}

function openFresh(path: string): number {
  try {
    rmSync(path, { force: true })
    return openSync(path, 'ax', 0o600)
  } catch (error) {
    throw new HyphaeError('storage', `the output cannot go to ${path}: ${messageOf(error)}`)
  }
}

/** Undefined while nobody answers. */
async function statusOf(stateDir: string): Promise<FleetStatus | undefined> {
  const client = await connect({ socket: findControlSocket(stateDir), ...queryTime }).catch(() => undefined)
  try {
    return await client?.call('system.status', {}, queryTime)
  } catch {
    return undefined
  } finally {
    client?.close()
  }
}

/** It ended before it ran. What it wrote says why, and its exit code is ours. */
class EndedEarly extends HyphaeError {
  readonly exit: number
  private readonly wrote: string

  constructor(exit: number, wrote: string) {
    super('failed', wrote, { exit })
    this.exit = exit
    this.wrote = wrote
  }

  format(): string {
    return this.wrote === '' ? `hyphae: the orchestrator ended at once, with exit code ${this.exit}` : this.wrote
  }
}
