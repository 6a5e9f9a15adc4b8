import type { AnyActorRef, InspectionEvent } from 'xstate'
import type { Directory, MachineSnapshotView } from './directory.ts'

const isAddressed = (snapshot: unknown): snapshot is MachineSnapshotView =>
  typeof snapshot === 'object' &&
  snapshot !== null &&
  'context' in snapshot &&
  typeof snapshot.context === 'object' &&
  snapshot.context !== null &&
  'address' in snapshot.context &&
  'value' in snapshot

/**
 * Feeds the directory from XState's inspection events. An observer that throws would leave the observed actor's mailbox
 * blocked for ever, so nothing gets out of here.
 */
export function inspectInto(directory: Directory, onError: (error: unknown) => void) {
  return (event: InspectionEvent): void => {
    if (event.type !== '@xstate.snapshot') return
    try {
      if (isAddressed(event.snapshot)) directory.observe(event.actorRef as AnyActorRef, event.snapshot)
    } catch (error) {
      try {
        onError(error)
      } catch {
        // Reporting must not block the actor either.
      }
    }
  }
}
