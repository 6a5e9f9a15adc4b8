import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../protocol/errors.ts'
import { formatBytes } from '../../protocol/bytes.ts'
import { limits } from '../../protocol/limits.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { filesIn } from '../../store/files.ts'
import { open } from '../../store/opening.ts'
import { failure, ok, warning, type Finding } from './finding.ts'

/** Is the journal whole? It is opened as a start would open it, but as a copy: nothing of the original is touched. */
export function checkJournal(stateDir: string, fleet: FleetStatus | null): Finding {
  const check = 'journal'
  if (fleet !== null) {
    const fault = fleet.supervisor.faults.find(({ what }) => what === 'journal')
    if (fault === undefined) return ok(check, 'the running orchestrator writes to it')
    return failure(check, fault.because, 'see: hyphae status')
  }
  const { db, wal } = filesIn(stateDir)
  if (!existsSync(db) && !existsSync(wal)) return ok(check, 'none yet')
  const size = [db, wal].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0)
  if (size > limits.doctorJournalBytes)
    return ok(check, `${formatBytes(size)}: too large to be looked through here; a start does`)
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(tmpdir(), 'hyphae-doctor-'))
    const copy = filesIn(folder)
    for (const [from, to] of [
      [db, copy.db],
      [wal, copy.wal],
    ] as const) {
      if (existsSync(from)) copyFileSync(from, to)
    }
    const { db: opened, loaded, records, damage } = open(copy, {}, Date.now())
    opened.close()
    if (damage === null) return ok(check, `whole: ${records.length} records, ${loaded.facts.count} events, ${formatBytes(size)}`)
    const remedy =
      'the next start sets it aside and takes over what can be read; keep a copy of the state folder if you want to look'
    return warning(check, `damaged: ${damage.because}`, remedy)
  } catch (error) {
    return failure(check, `it can't be read: ${messageOf(error)}`, `make ${db} readable for us, or move it away for a new one`)
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}
