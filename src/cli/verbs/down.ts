import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Client } from '../../client/index.ts'
import { formatDuration } from '../../protocol/duration.ts'
import { HyphaeError, systemCode } from '../../protocol/errors.ts'
import { queryTime, withClient, type Common } from '../connection.ts'
import { withProgress } from '../progress.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

/** How long the orchestrator may take to go once nothing is left of its services, ms. */
const lastBreath = 15_000

export function addDown(program: Command): void {
  program
    .command('down')
    .description('Stop every service, then the orchestrator')
    .option('--json', 'print what the system answers')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, async (client) => {
        const { supervisor, services } = await client.call('system.status', {}, queryTime)
        const answer = await withProgress(shutDown(client, supervisor.pid), () => remaining(client))
        const stopped = answer ?? { pid: supervisor.pid, stopped: Object.keys(services) }
        if (options.json === true) return out.json(stopped)
        const { length } = stopped.stopped
        await out.lines([
          `stopped ${length === 1 ? '1 service' : `${length} services`} and the orchestrator (pid ${stopped.pid})`,
        ])
      })
    })
}

async function shutDown(client: Client, pid: number) {
  const answer = await client.call('system.shutdown').catch((error: unknown) => {
    // It may be gone before its answer: that is what was asked for.
    if (error instanceof HyphaeError && error.code === 'unavailable') return undefined
    throw error
  })
  const end = performance.now() + lastBreath
  while (isAlive(pid) || (await answers(client.socket, pid))) {
    if (performance.now() > end) {
      const message = `nothing runs any more, but the orchestrator (pid ${pid}) has not ended within ${formatDuration(lastBreath)}`
      throw new HyphaeError('timeout', message, { pid })
    }
    await sleep(20)
  }
  return answer
}

/** Is there such a process? One that has ended and only waits to be collected by its parent is none. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1))
  } catch {
    // No /proc on this system, or it went just now; the next look tells.
    return process.platform !== 'linux'
  }
}

/** The pid may mean nothing here (another pid namespace); whoever answers on the socket is alive for sure. */
async function answers(socket: string, pid: number): Promise<boolean> {
  try {
    const client = await connect({ socket, timeout: 1_000 })
    try {
      return (await client.call('system.status', {}, { timeout: 1_000 })).supervisor.pid === pid
    } finally {
      client.close()
    }
  } catch {
    return false
  }
}

async function remaining(client: Client): Promise<string> {
  const { services } = await client.call('system.status', {}, queryTime)
  const left = Object.entries(services).filter(([, { phase }]) => phase !== 'reaped')
  if (left.length === 0) return 'stopping the orchestrator'
  const shown = left.slice(0, 3).map(([name, { state }]) => `${name} (${state})`)
  return `stopping ${shown.join(', ')}${left.length > shown.length ? ` and ${left.length - shown.length} more` : ''}`
}
