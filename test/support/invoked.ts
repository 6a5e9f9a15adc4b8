import { type AnyEventObject, type CallbackActorLogic, createActor, createMachine, type EventObject } from 'xstate'
import { eventually } from './eventually.ts'

/** An actor under a parent that only writes down what it says. */
export interface Invoked<Command extends EventObject, Fact extends AnyEventObject> {
  readonly facts: readonly Fact[]
  send(command: Command): void
  /** The first fact of a type, as soon as there is one. */
  fact<T extends Fact['type']>(type: T): Promise<Extract<Fact, { type: T }>>
  stop(): void
}

export function invoke<Command extends EventObject, Fact extends AnyEventObject, Input>(
  logic: CallbackActorLogic<Command, Input>,
  input: Input,
): Invoked<Command, Fact> {
  const facts: Fact[] = []
  const parent = createActor(
    createMachine({
      invoke: { id: 'invoked', src: logic, input: () => input },
      on: { '*': { actions: ({ event }) => facts.push(event as Fact) } },
    }),
  ).start()
  const actor = parent.getSnapshot().children['invoked']
  return {
    facts,
    send(command) {
      actor?.send(command)
    },
    fact: <T extends Fact['type']>(type: T) =>
      eventually(() => {
        const found = facts.find((fact): fact is Extract<Fact, { type: T }> => fact.type === type)
        if (found === undefined) throw new Error(`no ${type} among ${JSON.stringify(facts)}`)
        return found
      }),
    stop() {
      parent.stop()
    },
  }
}
