import { setImmediate as breath } from 'node:timers/promises'
import type { ProcessIdentity } from '../protocol/process.ts'
import { isAlive } from './proc.ts'

/** Notices the death of programs that are not our children; the kernel tells nobody but a parent, so it looks. */
export interface DeathWatch {
  /** `tell` is called once, unless cancelled before. */
  watch(identity: ProcessIdentity, tell: () => void): Watched
}

export interface Watched {
  /** It is about to die: look more often. */
  hurry(): void
  cancel(): void
}

/** ms */
const interval = 500
const hurriedInterval = 20
/** How long one round may keep the event loop, ms. */
const slice = 4

interface Entry {
  readonly identity: ProcessIdentity
  readonly tell: () => void
  hurried: boolean
}

/** One timer for all of them. */
export function createDeathWatch(): DeathWatch {
  const entries = new Set<Entry>()
  let timer: NodeJS.Timeout | undefined
  let looking = false

  const schedule = (): void => {
    clearTimeout(timer)
    if (entries.size === 0 || looking) return
    const hurried = [...entries].some((entry) => entry.hurried)
    timer = setTimeout(() => void round(), hurried ? hurriedInterval : interval)
  }
  const round = async (): Promise<void> => {
    looking = true
    let since = performance.now()
    for (const entry of entries) {
      if (!isAlive(entry.identity) && entries.delete(entry)) entry.tell()
      if (performance.now() - since > slice) {
        await breath()
        since = performance.now()
      }
    }
    looking = false
    schedule()
  }

  return {
    watch(identity, tell) {
      const entry: Entry = { identity, tell, hurried: false }
      entries.add(entry)
      if (entries.size === 1) schedule()
      return {
        hurry() {
          if (entry.hurried) return
          entry.hurried = true
          schedule()
        },
        cancel() {
          entries.delete(entry)
          if (entries.size === 0) schedule()
        },
      }
    },
  }
}
