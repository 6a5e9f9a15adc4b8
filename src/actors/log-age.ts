import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogRules } from '../protocol/log-rules.ts'
import { archiveFolderOf } from './log-archive.ts'
import { prune } from './log-rotation.ts'

/** How old what services wrote may get. */

export interface Aging {
  /** The folder of the logs. */
  readonly folder: string
  logPath(service: string): string
  /** The services of now. */
  readonly logs: ReadonlyArray<{ readonly service: string; readonly rules: LogRules }>
  /** For the logs of others, ms; null: they are kept for ever. */
  readonly maxAge: number | null
  /** Wall clock, ms. */
  readonly now: number
}

/** The services that have archives. */
export const archivedIn = (folder: string): Promise<string[]> => readdir(join(folder, 'archive')).catch(() => [])

/** Deletes what is too old, also of services that are not there any more. */
export async function deleteOld({ folder, logPath, logs, maxAge, now }: Aging): Promise<void> {
  const present = new Map(logs.map(({ service, rules }) => [service, rules]))
  const archived = await archivedIn(folder)
  for (const service of archived) {
    const rules = present.get(service)
    if (rules !== undefined) await prune(logPath(service), rules, now)
  }
  if (maxAge === null) return
  const written = (await readdir(folder)).flatMap((name) => (name.endsWith('.log') ? name.slice(0, -'.log'.length) : []))
  for (const service of new Set([...written, ...archived])) {
    if (present.has(service)) continue
    const path = logPath(service)
    const archives = archiveFolderOf(path)
    // Of one whose log was deleted by hand there are only archives.
    const last = (await changedAt(path)) ?? (await changedAt(archives)) ?? now
    if (now - last <= maxAge) continue
    await rm(archives, { recursive: true, force: true })
    await rm(path, { force: true })
  }
}

/** Wall clock, ms; undefined: it is not there. */
const changedAt = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
