import process from 'node:process'
import type { Faults } from './faults.ts'
import type { Damage } from './protocol/journal.ts'
import type { Lockdown } from './protocol/lockdown.ts'
import type { ModeAnswer } from './protocol/mode.ts'
import type { SupervisorStatus } from './protocol/status.ts'
import { version } from './version.ts'

/** How the orchestrator itself stands, as `status` shows it. */

export interface SupervisorParts {
  readonly stateDir: string
  /** Monotonic ms. */
  clock(): number
  serviceNames(): readonly string[]
  /** The path of the config now, its mode with who chose it, and what was odd about it. */
  readonly config: () => {
    readonly path: string | null
    readonly modes: Pick<ModeAnswer, 'mode' | 'source'>
    readonly warnings: readonly string[]
  }
  /** The service that is meant where none is named; it must be there. */
  defaultService(): string | null
  /** null: there is none. */
  lockdown(): Lockdown | null
  faults(): Pick<Faults, 'list'>
}

export function createSupervisor(parts: SupervisorParts) {
  const { stateDir, clock, serviceNames, config, defaultService, lockdown, faults } = parts
  const startedAt = clock()
  const damages: string[] = []
  const remarks: string[] = []
  let status: SupervisorStatus['status'] = 'starting'
  return {
    status: () => status,
    become(next: SupervisorStatus['status']): void {
      status = next
    },
    /** What was odd about the start. */
    warn: (text: string): void => void remarks.push(text),
    damaged({ because, keptAs }: Damage): void {
      damages.push(`the journal was damaged: ${because}; the damaged file is kept as ${keptAs}`)
    },
    shown(): SupervisorStatus {
      const { path, modes, warnings } = config()
      return {
        status,
        pid: process.pid,
        uptime: Math.floor((clock() - startedAt) / 1000),
        managed_services: serviceNames().length,
        default_service: defaultService(),
        version,
        config: path,
        mode: modes.mode,
        mode_source: modes.source,
        state: stateDir,
        lockdown: lockdown(),
        warnings: [...warnings, ...damages, ...remarks],
        faults: [...faults().list()],
      }
    },
  }
}
