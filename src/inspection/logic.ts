import { fromCallback, fromEventObservable, fromObservable, fromPromise, fromTransition, type AnyStateMachine } from 'xstate'

/** What kind of logic an actor runs. XState does not say; what was made by one of its makers has that maker's transition. */

type Kind = 'callback' | 'promise' | 'observable' | 'transition' | 'other'

const never = { subscribe: () => ({ unsubscribe() {} }) }
const textOf = (logic: { readonly transition: unknown }): string => String(logic.transition)
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  [textOf(fromCallback(() => {})), 'callback'],
  [textOf(fromPromise(() => Promise.resolve())), 'promise'],
  [textOf(fromObservable(() => never)), 'observable'],
  [textOf(fromEventObservable(() => never)), 'observable'],
  [textOf(fromTransition((state: null) => state, null)), 'transition'],
])
const known = new WeakMap<object, Kind>()

export const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === 'object' && logic !== null && 'root' in logic && 'implementations' in logic

export function kindOf(logic: unknown): Kind {
  if (typeof logic !== 'object' || logic === null || !('transition' in logic)) return 'other'
  const kind = known.get(logic) ?? kinds.get(textOf(logic)) ?? 'other'
  known.set(logic, kind)
  return kind
}
