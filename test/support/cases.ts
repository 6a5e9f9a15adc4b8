import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect } from 'vitest'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { eventually } from './eventually.ts'
import { startFleet, type Fleet } from './fleet.ts'
import { probe, specOf as base } from './specs.ts'

/** What the cases taken over from other supervisors have in common: small fleets of shell scripts, in a folder of their own. */

export const sh = (script: string): { command: string; args: string[] } => ({ command: '/bin/sh', args: ['-c', script] })
export const forever = sh('exec sleep 1000')
/** Ready once it has written the line "ready", so that whatever it traps is trapped by then. */
export const saysReady = { ...probe, target: { type: 'log', pattern: '^ready$' }, interval: 50 } as const
/** Goes on until it is stopped, and takes so many seconds for that. */
export const slowToStop = (seconds: number) =>
  sh(`trap "sleep ${seconds}; exit 0" TERM; echo ready; while :; do sleep 0.02; done`)
/** A restart that nobody waits for in a test. */
export const muchLater = { delay: 600_000, maxDelay: 600_000 } as const
export const soon = { delay: 10, maxDelay: 10 } as const

export interface CaseFleet {
  readonly folder: string
  /** A new path in the folder. */
  file(): string
  specOf(changes: Parameters<typeof base>[0]): ServiceSpec
  /** The fleet of this test; nothing of it is left after it. */
  start(...args: Parameters<typeof startFleet>): Promise<Fleet>
}

/** To be called once at the top of a test file. */
export function caseFleet(): CaseFleet {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-cases-'))
  const fleets: Fleet[] = []
  let count = 0
  afterEach(async () => {
    const ended = fleets.splice(0).toReversed()
    for (const { end } of ended) await end()
    for (const { stateDir } of ended) expect(await markedProcesses(stateIdOf(stateDir))).toEqual([])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    file: () => join(folder, `f${++count}`),
    specOf: (changes) => base({ workingDir: folder, ...changes }),
    async start(...args) {
      const fleet = await startFleet(...args)
      fleets.push(fleet)
      return fleet
    },
  }
}

/** Processes that are marked as a service's, the leaders of their groups only. */
export async function leadersOf({ stateDir }: Fleet, service: string): Promise<number[]> {
  const all = await markedProcesses(stateIdOf(stateDir))
  return all.filter((one) => one.service === service && one.pid === one.group).map(({ pid }) => pid)
}

/** How often something was stated about a service. */
export const countOf = ({ factsAbout }: Fleet, service: string, type: Fleet['facts'][number]['type']): number =>
  factsAbout(service).filter((one) => one === type).length

export const pidIn = (path: string): Promise<number> =>
  eventually(() => {
    const pid = Number(readFileSync(path, 'utf8'))
    expect(pid).toBeGreaterThan(0)
    return pid
  })
