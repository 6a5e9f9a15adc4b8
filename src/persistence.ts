import type { Directory } from './directory.ts'
import { createKeeper, readRecords, type Keeper } from './keeper.ts'
import type { GroupRecord } from './protocol/group.ts'
import type { Journal, Opened, Retention } from './protocol/journal.ts'
import type { Lockdown } from './protocol/lockdown.ts'
import type { ModeRecord } from './protocol/mode.ts'
import type { FleetRecord, ServiceRecord } from './protocol/record.ts'
import { createRequests, type Requests } from './requests.ts'
import { HyphaeError } from './protocol/errors.ts'
import { limits } from './protocol/limits.ts'
import { openJournal } from './store/journal.ts'
import { lockState } from './store/lock.ts'

/** What outlives the orchestrator, opened: one orchestrator a state folder, its journal, and what stood in it. */

export interface PersistenceParts {
  readonly stateDir: string
  readonly retention: Retention
  readonly directory: Directory
  readonly boot: string
  /** Wall clock, ms. */
  wall(): number
  /** Another way to open the journal, for tests that let a disk fail. */
  readonly open?: ((options: { readonly dir: string; readonly retention: Retention }) => Promise<Opened>) | undefined
}

export interface Persistence {
  readonly journal: Journal
  readonly keeper: Keeper
  readonly requests: Requests
  readonly fleet: FleetRecord | null
  readonly services: ReadonlyMap<string, ServiceRecord>
  readonly groups: ReadonlyMap<string, GroupRecord>
  readonly lockdown: Lockdown | null
  /** The mode that a command chose. */
  readonly mode: ModeRecord | null
  readonly damage: Opened['damage']
  /** When the last fact of an earlier run was stated, wall clock ms; null: there is none. */
  lastSign(): Promise<number | null>
  /** Writes what is left, and lets the next one in. `running`: services go on without an orchestrator. */
  close(running: boolean): Promise<void>
}

/** Rejects with `busy` and the other's pid when the folder has an orchestrator. */
export async function openPersistence(parts: PersistenceParts): Promise<Persistence> {
  const { stateDir, retention, directory, boot, wall, open = openJournal } = parts
  const lock = lockState(stateDir)
  if (!('release' in lock)) {
    const who = lock.heldBy === null ? 'an orchestrator is running' : `already running as pid ${lock.heldBy}`
    const message = `${who} with the state folder ${stateDir}; stop it with: hyphae down`
    throw new HyphaeError('busy', message, { pid: lock.heldBy, state: stateDir })
  }
  try {
    const { journal, records, lastSeq, damage } = await open({ dir: stateDir, retention })
    directory.resume(lastSeq)
    // For `explain`; nobody waits for it.
    journal.read({ limit: limits.recalledFacts }).then(directory.recall, () => {})
    const known = readRecords(records)
    return {
      journal,
      keeper: createKeeper({ directory, journal, boot, groups: known.groups.keys() }),
      requests: createRequests({ journal, records, wall }),
      ...known,
      damage,
      async lastSign() {
        const [newest] = lastSeq === 0 ? [] : await journal.read({ upTo: lastSeq, limit: 1 }).catch(() => [])
        return newest === undefined ? null : Date.parse(newest.time)
      },
      async close(running) {
        await journal.close()
        lock.release(running)
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
