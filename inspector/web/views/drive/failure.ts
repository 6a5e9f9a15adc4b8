import { HyphaeError } from '../../../../src/client/browser.ts'

/** What went wrong, and what to do next. */
export interface Failure {
  readonly message: string
  /** Which field of what was sent; null: none. */
  readonly field: string | null
  readonly next: string | null
}

const nextByCode: Readonly<Record<string, string>> = {
  forbidden: 'Your role does not permit this. Ask for a token with another role.',
  unauthorized: 'Log in again.',
  not_accepted: 'Its state changed meanwhile. The buttons show what it takes now.',
  busy: 'Wait for what is under way, then try again.',
  not_found: 'It is gone. Choose another one in the tree.',
  timeout: 'It may go on all the same. Look at its state before you try again.',
  overloaded: 'Try again in a few seconds.',
  unavailable: 'The orchestrator is not reached. It is tried again by itself.',
  shutting_down: 'The orchestrator is stopping. It takes this again once it is up.',
  storage: 'It could not be written to the disk. Make room there, then try again.',
}
const nextByRule: Readonly<Record<string, string>> = {
  lockdown: 'Nothing is changed until the lockdown ends. Whoever may use system.lockdown ends it.',
  env: 'Leave that variable out, or set it in the config.',
  allow_shell: 'The config permits no shell lines. Give a program and its arguments.',
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof HyphaeError))
    return { message: error instanceof Error ? error.message : String(error), field: null, next: null }
  const { code, message, data } = error
  const { field, rule } = data
  const byRule =
    typeof rule === 'string' ? (nextByRule[rule] ?? `The rule "${rule}" of the config refuses it. Change it there.`) : null
  return { message, field: typeof field === 'string' ? field : null, next: byRule ?? nextByCode[code] ?? null }
}
