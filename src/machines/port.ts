import { fromCallback, type AnyEventObject, type EventObject, type NonReducibleUnknown } from 'xstate'

/**
 * A typed hole in a machine, filled by `machine.provide({ actors })` at the composition root. An unfilled one is
 * no crash: its throw arrives as the invocation's `onError`.
 */
export const port = <TCommand extends EventObject = AnyEventObject, TInput = NonReducibleUnknown>(name: string) =>
  fromCallback<TCommand, TInput>(() => {
    throw new Error(`no actor was provided for the port "${name}"`)
  })
