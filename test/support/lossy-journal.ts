import { setTimeout as sleep } from 'node:timers/promises'
import type { Journal, Opened } from '../../src/protocol/journal.ts'
import { openJournal, type JournalSettings } from '../../src/store/journal.ts'

/** ms */
const slowness = 10

/**
 * The real journal behind a disk that loses, when the power fails, everything that was not synced: what is written is
 * held back until somebody asks for it to be on the disk.
 */
export function lossyJournal() {
  let held: Array<(journal: Journal) => void> = []
  let off = false
  let cut: (() => void) | undefined
  let syncs = 0
  return {
    /** How often something had to be on the disk. */
    get syncs() {
      return syncs
    },
    /** From now on nothing reaches the disk any more, and what was held back never will. */
    powerLoss(): void {
      off = true
      held = []
    },
    /** The power fails just when the next sync has reached the disk; nobody hears that it has. */
    cutAfterNextSync(): Promise<void> {
      return new Promise((resolve) => {
        cut = () => {
          cut = undefined
          off = true
          held = []
          resolve()
        }
      })
    },
    async open(settings: JournalSettings): Promise<Opened> {
      const opened = await openJournal(settings)
      const { journal: real } = opened
      const later = (write: (journal: Journal) => void): void => {
        if (!off) held.push(write)
      }
      const journal: Journal = {
        get fault() {
          return real.fault
        },
        onFault: real.onFault,
        onDamage: real.onDamage,
        put: (record) => later((to) => to.put(record)),
        remove: (kind, key) => later((to) => to.remove(kind, key)),
        append: (fact) => later((to) => to.append(fact)),
        async sync() {
          // Without power nobody hears anything.
          if (off) return new Promise(() => {})
          syncs++
          const now = held
          held = []
          // A slow disk: whoever does not wait for it has answered before it turns.
          await sleep(slowness)
          if (off) return new Promise(() => {})
          for (const write of now) write(real)
          await real.sync()
          cut?.()
          if (off) return new Promise(() => {})
        },
        read: real.read,
        kept: real.kept,
        close: real.close,
      }
      return { ...opened, journal }
    },
  }
}
