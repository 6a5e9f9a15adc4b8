import { createDiskWatch } from './actors/disk-watch.ts'
import { createLineMatcher } from './actors/line-matcher.ts'
import { createLogKeeper, type KeptLog } from './actors/log-keeper.ts'
import type { Directory } from './directory.ts'
import type { Faults } from './faults.ts'
import { createLogReading } from './log-reading.ts'
import type { ServiceContext } from './machines/service.ts'
import { addressOf } from './protocol/ids.ts'
import { logPathOf, logsIn } from './state-dir.ts'

/** What services write: where it goes, how it is read, how much of it is kept, and whether there is room for it. */

export interface LogKeepingParts {
  readonly stateDir: string
  readonly directory: Directory
  serviceNames(): readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** How long the logs of services are kept that are not there any more, ms; else for ever. */
  readonly maxAge?: number | null | undefined
  faults(): Pick<Faults, 'set'>
}

export function createLogKeeping({ stateDir, directory, serviceNames, environment, maxAge = null, faults }: LogKeepingParts) {
  const folder = logsIn(stateDir)
  const logPath = (service: string): string => logPathOf(stateDir, service)
  const matcher = createLineMatcher()
  const disk = createDiskWatch({ folder, tell: (because) => faults().set('logs', because) })
  const keeper = createLogKeeper({
    folder,
    logPath,
    logs: () => keptLogs(directory, serviceNames()),
    maxAge,
    environment,
    tell: (because) => faults().set('rotation', because),
  })
  return {
    folder,
    logPath,
    reading: createLogReading({ logPath, matcher }),
    keeper,
    start: disk.start,
    stop(): void {
      disk.stop()
      matcher.close()
    },
  }
}

function* keptLogs(directory: Directory, names: readonly string[]): Generator<KeptLog> {
  for (const service of names) {
    const context = directory.entry(addressOf('service', service))?.snapshot.context as unknown as ServiceContext | undefined
    if (context !== undefined) yield { service, rules: (context.next ?? context.spec).logs }
  }
}
