import { join } from 'node:path'
import { exitPathOf, listExits, removeExit, type ExitRecord } from './actors/exit-record.ts'

/** The exit codes of one-shots in a state folder: kept until what followed from them is on the disk. */
export interface Exits {
  readonly dir: string
  path(service: string, incarnation: string): string
  list(): readonly ExitRecord[]
  /** Somebody has heard of it. */
  reported(path: string): void
  /** Nobody needs to hear of it any more. */
  drop(record: ExitRecord): void
}

export function createExits(stateDir: string, durable: () => Promise<void>): Exits {
  const dir = join(stateDir, 'exits')
  const path = (service: string, incarnation: string): string => exitPathOf(dir, service, incarnation)
  return {
    dir,
    path,
    list: () => listExits(dir),
    reported(file) {
      // In a turn of its own: whoever hears of it is still at work. On a full disk it stays, for the next start.
      setImmediate(() => {
        durable().then(
          () => removeExit(file),
          () => {},
        )
      })
    },
    drop: ({ service, incarnation }) => removeExit(path(service, incarnation)),
  }
}
