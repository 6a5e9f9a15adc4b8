import type { Directory } from './directory.ts'
import type { Faults } from './faults.ts'
import { bootId } from './actors/proc.ts'
import type { OrchestratorOptions } from './options.ts'
import { openPersistence, type Persistence } from './persistence.ts'
import type { Statement } from './protocol/facts.ts'
import type { Damage } from './protocol/journal.ts'
import { limits } from './protocol/limits.ts'
import type { createSupervisor } from './supervisor.ts'

export interface OpeningParts {
  readonly directory: Directory
  readonly faults: Faults
  readonly supervisor: Pick<ReturnType<typeof createSupervisor>, 'damaged'>
  state(statement: Statement): void
}

/** Opens what is kept on the disk. What is wrong with it, now or later, is told as a fault or as damage. */
export async function openStore(
  { stateDir, retention = { maxAge: limits.factAge, maxBytes: limits.factBytes }, openJournal: open }: OrchestratorOptions,
  { directory, faults, supervisor, state }: OpeningParts,
): Promise<{ readonly store: Persistence; tell(): void }> {
  const store = await openPersistence({ stateDir, retention, directory, boot: bootId, wall: Date.now, open })
  faults.set('journal', store.journal.fault)
  store.journal.onFault((because) => faults.set('journal', because))
  const damaged = (damage: Damage): void => {
    supervisor.damaged(damage)
    state({ type: 'system.damaged', about: 'supervisor.root', because: damage.because, data: { ...damage } })
  }
  return {
    store,
    /** From when facts can be stated. */
    tell() {
      store.journal.onDamage(damaged)
      if (store.damage !== null) damaged(store.damage)
    },
  }
}
