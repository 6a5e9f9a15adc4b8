import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Items } from '../client/index.ts'
import { formatDuration } from '../protocol/duration.ts'
import { HyphaeError } from '../protocol/errors.ts'
import type { SupervisorStatus } from '../protocol/status.ts'
import { isAlive } from './orchestrator-process.ts'

/** How long the orchestrator may take to go once nothing is left for it to do, ms. */
const lastBreath = 15_000

/**
 * Waits for the answer of what ends the orchestrator, then until it has gone: only then may another one come. Undefined
 * when it was gone before its answer; that is what was asked for. `elsewhere`: it is not on this machine, as far as one knows.
 */
export async function untilEnded<T>(
  client: Client,
  pid: number,
  elsewhere: boolean,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  const gone = elsewhere ? await lossOf(client) : () => goneFromHere(client, pid)
  let unwritten: HyphaeError | undefined
  const answer = await ask().catch(async (error: unknown) => {
    if (!(error instanceof HyphaeError)) throw error
    if (error.code === 'unavailable') return undefined
    // On a full disk an end is carried out all the same, and only not acknowledged.
    if (error.code !== 'storage' || isUp(await supervisorAt(client))) throw error
    unwritten = error
    return undefined
  })
  if (!(await gone())) {
    const message = `it was done, but the orchestrator (pid ${pid}) has not ended within ${formatDuration(lastBreath)}`
    throw new HyphaeError('timeout', message, { pid })
  }
  if (unwritten === undefined) return answer
  const message = `the orchestrator (pid ${pid}) has ended, but that could not be written down: ${unwritten.message}`
  throw new HyphaeError('storage', message, { pid })
}

/** Its pid has gone, and nobody answers in its name. */
async function goneFromHere(client: Client, pid: number): Promise<boolean> {
  const end = performance.now() + lastBreath
  while (isAlive(pid) || (await supervisorAt(client))?.pid === pid) {
    if (performance.now() > end) return false
    await sleep(20)
  }
  return true
}

/** A stream that tells nothing is opened now; it ends with the orchestrator. */
async function lossOf(client: Client): Promise<() => Promise<boolean>> {
  const items = client.stream('actor.watch', { filter: 'supervisor.root' })
  // Once it is begun: who comes too late would only find nobody.
  await items.next()
  const ended = untilLost(items)
  return async () => {
    const late = new AbortController()
    const patience = sleep(lastBreath, false, { signal: late.signal }).catch(() => false)
    try {
      return await Promise.race([ended, patience])
    } finally {
      late.abort()
      await items.return()
    }
  }
}

async function untilLost(items: Items<unknown>): Promise<boolean> {
  try {
    for await (const _ of items);
  } catch {
    // Lost, as it should be.
  }
  return true
}

const isUp = (supervisor: SupervisorStatus | undefined): boolean =>
  supervisor?.status === 'running' || supervisor?.status === 'starting'

/** The pid may mean nothing here (another pid namespace); whoever answers is alive for sure. */
async function supervisorAt(client: Client): Promise<SupervisorStatus | undefined> {
  try {
    return (await client.call('system.status', { services: [] }, { timeout: 1_000 })).supervisor
  } catch {
    return undefined
  }
}
