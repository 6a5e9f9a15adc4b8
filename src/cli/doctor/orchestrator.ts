import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../client/index.ts'
import { findControlSocket } from '../../control-socket.ts'
import { messageOf } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { lostOrchestrator } from '../orchestrator-process.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Is an orchestrator there, does it answer, and how fast? */

export interface Answer {
  /** null: nobody answers. */
  readonly fleet: FleetStatus | null
  /** ms. */
  readonly latency: number
  readonly because: string | null
}

export const nobody: Answer = { fleet: null, latency: 0, because: null }

export async function askOrchestrator(stateDir: string, time: number = limits.doctorAnswerTime): Promise<Answer> {
  const since = performance.now()
  const taken = (): number => Math.round(performance.now() - since)
  try {
    const client = await connect({ socket: findControlSocket(stateDir), dialTimeout: time })
    try {
      const fleet = await client.call('system.status', {}, { timeout: time })
      return { fleet, latency: taken(), because: null }
    } finally {
      client.close()
    }
  } catch (error) {
    return { fleet: null, latency: taken(), because: messageOf(error) }
  }
}

export function checkOrchestrator(
  stateDir: string,
  { fleet, latency, because }: Answer,
  locks: string | null = readLocks(),
): Finding[] {
  const check = 'orchestrator'
  const socket = findControlSocket(stateDir)
  const holder = lockHolder(stateDir, locks)
  if (fleet !== null) {
    const { pid, status, faults } = fleet.supervisor
    const found = `pid ${pid} is ${status} and answers within ${latency} ms`
    const slow = latency > limits.doctorLatency
    const answer = slow ? warning(check, found, 'the machine may be overloaded: see hyphae status') : ok(check, found)
    return [answer, ...faults.map(({ what, because }) => failure(`fault: ${what}`, because, 'see: hyphae status'))]
  }
  if (holder !== null) {
    const found = `pid ${holder} holds the state folder and does not answer at ${socket}: ${because ?? 'no answer'}`
    return [
      failure(
        check,
        found,
        `it may be starting, or hang; kill -9 ${holder} ends it alone, and hyphae up takes its services back`,
      ),
    ]
  }
  const lost = lostOrchestrator(stateDir)
  if (lost !== undefined) {
    return [
      warning(check, `the last one (pid ${lost}) ended without a stop; what it ran may still run`, 'hyphae up takes it back'),
    ]
  }
  const stale = existsSync(socket) ? ok('socket', `${socket} is left from an earlier run; the next start replaces it`) : []
  return [ok(check, 'none is running'), stale].flat()
}

/** Who holds the lock of the state folder; null: nobody, or it can't be told. Takes no lock itself. */
export function lockHolder(stateDir: string, locks: string | null): number | null {
  const lock = statSync(join(stateDir, 'lock.db'), { throwIfNoEntry: false })
  if (lock === undefined || locks === null) return null
  for (const line of locks.split('\n')) {
    // 1: POSIX  ADVISORY  WRITE 1234 fd:00:5678 0 EOF, with the device in hexadecimal
    const fields = line.trim().split(/\s+/)
    if (fields[3] === 'WRITE' && fields[5]?.split(':')[2] === String(lock.ino)) return Number(fields[4])
  }
  return null
}

function readLocks(): string | null {
  try {
    return readFileSync('/proc/locks', 'utf8')
  } catch {
    return null
  }
}
