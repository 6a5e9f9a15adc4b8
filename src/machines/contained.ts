import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine } from 'xstate'

/**
 * A machine that takes its children along when it throws. XState 5 leaves them running (statelyai/xstate#5153),
 * even after the root was stopped; for us that would be a leaked OS process. To be applied last: `provide` makes a
 * new machine without it.
 */
export function contained<TMachine extends AnyStateMachine>(machine: TMachine): TMachine {
  const inner = machine.transition.bind(machine)
  machine.transition = (snapshot, event, scope) => {
    try {
      return inner(snapshot, event, scope) as AnyMachineSnapshot
    } catch (error) {
      for (const child of Object.values(snapshot.children as Record<string, AnyActorRef | undefined>)) {
        if (child !== undefined) scope.stopChild(child)
      }
      throw error
    }
  }
  return machine
}
