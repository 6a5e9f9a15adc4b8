/** How an incarnation of a program ended. `because`: why, where more is known than how; it reads after the word "it". */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number; readonly because?: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly because?: string }
  /** `passing`: for want of a resource that may come back (processes, descriptors, memory), so trying again is sensible. */
  | { readonly kind: 'unspawnable'; readonly because: string; readonly passing: boolean }
  /** It was not our child (adopted), so nobody saw its exit code. Counts as a failure. */
  | { readonly kind: 'unseen'; readonly because?: string }
  /** We let go of it alive. */
  | { readonly kind: 'left' }

/** In words, for a reason: "exited with code 1". */
export function describeExit(exit: Exit): string {
  if (exit.kind !== 'unspawnable' && exit.kind !== 'left' && exit.because !== undefined) return exit.because
  switch (exit.kind) {
    case 'exited':
      return `exited with code ${exit.code}`
    case 'signalled':
      return `was ended by ${exit.signal}`
    case 'unspawnable':
      return `could not be started: ${exit.because}`
    case 'unseen':
      return 'ended unseen (it was adopted, so its exit code is unknown)'
    case 'left':
      return 'was left running'
  }
}

/** Success is exit code 0, or one of the codes that the config calls a success. */
export const isSuccess = (exit: Exit, successCodes: readonly number[]): boolean =>
  exit.kind === 'exited' && successCodes.includes(exit.code)
