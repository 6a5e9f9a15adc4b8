import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Client } from '../client/index.ts'
import { formatDuration } from '../protocol/duration.ts'
import { HyphaeError } from '../protocol/errors.ts'
import type { SupervisorStatus } from '../protocol/status.ts'
import { isAlive } from './orchestrator-process.ts'

/** How long the orchestrator may take to go once nothing is left for it to do, ms. */
const lastBreath = 15_000

/**
 * Waits for the answer of what ends the orchestrator, then until its process has gone: only then may another one come.
 * Undefined when it was gone before its answer; that is what was asked for.
 */
export async function untilEnded<T>(client: Client, pid: number, asked: Promise<T>): Promise<T | undefined> {
  let unwritten: HyphaeError | undefined
  const answer = await asked.catch(async (error: unknown) => {
    if (!(error instanceof HyphaeError)) throw error
    if (error.code === 'unavailable') return undefined
    // On a full disk an end is carried out all the same, and only not acknowledged.
    if (error.code !== 'storage' || isUp(await supervisorAt(client.socket))) throw error
    unwritten = error
    return undefined
  })
  const end = performance.now() + lastBreath
  while (isAlive(pid) || (await supervisorAt(client.socket))?.pid === pid) {
    if (performance.now() > end) {
      const message = `it was done, but the orchestrator (pid ${pid}) has not ended within ${formatDuration(lastBreath)}`
      throw new HyphaeError('timeout', message, { pid })
    }
    await sleep(20)
  }
  if (unwritten === undefined) return answer
  const message = `the orchestrator (pid ${pid}) has ended, but that could not be written down: ${unwritten.message}`
  throw new HyphaeError('storage', message, { pid })
}

const isUp = (supervisor: SupervisorStatus | undefined): boolean =>
  supervisor?.status === 'running' || supervisor?.status === 'starting'

/** The pid may mean nothing here (another pid namespace); whoever answers on the socket is alive for sure. */
async function supervisorAt(socket: string): Promise<SupervisorStatus | undefined> {
  try {
    const client = await connect({ socket, timeout: 1_000 })
    try {
      return (await client.call('system.status', { services: [] }, { timeout: 1_000 })).supervisor
    } finally {
      client.close()
    }
  } catch {
    return undefined
  }
}
