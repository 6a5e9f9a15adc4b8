import type { Statement } from './protocol/facts.ts'
import type { Fault } from './protocol/status.ts'

/** What is wrong with the machine around us, now: a full disk, a journal that can't be written. Shown until it is over. */
export interface Faults {
  /** `because` null: it is over. Said again with another reason, it has begun when it began. */
  set(what: Fault['what'], because: string | null): void
  list(): readonly Fault[]
}

export function createFaults({ state, wall }: { state(statement: Statement): void; wall(): number }): Faults {
  const now = new Map<Fault['what'], Fault>()
  return {
    set(what, because) {
      const before = now.get(what)
      if (because === (before?.because ?? null)) return
      if (because === null) {
        now.delete(what)
        state({ type: 'system.mended', about: 'supervisor.root', because: `${what}: all is well again`, data: { what } })
        return
      }
      now.set(what, { what, because, since: before?.since ?? new Date(wall()).toISOString() })
      // The text may count what it costs; that it goes on is not news.
      if (before === undefined) state({ type: 'system.fault', about: 'supervisor.root', because, data: { what } })
    },
    list: () => [...now.values()],
  }
}
