import { fromCallback, type AnyEventObject, type CallbackActorLogic, type EventObject } from 'xstate'

/** An effect that does nothing but remember what it was told, and says what the test tells it to say. */
export interface Fake<TCommand extends EventObject, TInput> {
  readonly logic: CallbackActorLogic<TCommand, TInput>
  /** What it was told, over all its lives. */
  readonly commands: TCommand[]
  readonly inputs: TInput[]
  /** Speaks as the one that lives now. */
  emit(fact: AnyEventObject): void
  /** Speaks as each that lives: a fact with an incarnation is taken by its own. */
  all(fact: AnyEventObject): void
  readonly alive: number
}

export function fake<TCommand extends EventObject, TInput>(): Fake<TCommand, TInput> {
  const commands: TCommand[] = []
  const inputs: TInput[] = []
  const living: Array<(fact: AnyEventObject) => void> = []
  const logic = fromCallback<TCommand, TInput>(({ input, sendBack, receive }) => {
    inputs.push(input)
    living.push(sendBack)
    receive((command) => commands.push(command))
    return () => {
      living.splice(living.indexOf(sendBack), 1)
    }
  })
  return {
    logic,
    commands,
    inputs,
    emit: (fact) => living.at(-1)?.(fact),
    all(fact) {
      for (const sendBack of living.slice()) sendBack(fact)
    },
    get alive() {
      return living.length
    },
  }
}
