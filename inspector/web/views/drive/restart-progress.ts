import type { Client, Output } from '../../../../src/client/browser.ts'
import { bounds } from '../bounds.ts'
import { type Failure, failureOf } from './failure.ts'

/** A custom restart from its asking to its end: its steps as its actor takes them. */

export interface Step {
  readonly name: string
  readonly outcome: string
  readonly because: string | null
}

export type Outcome = Output<'service.custom_restart'>
type ProgramResult = Outcome['pre_command_results'][number]

export interface Progress {
  /** Address of the workflow; null: not begun. */
  readonly workflow: string | null
  /** What its statechart is at. */
  readonly state: string | null
  readonly steps: readonly Step[]
  readonly end: 'done' | 'failed' | null
  readonly failure: Failure | null
  readonly results: readonly ProgramResult[]
}

export const nothingYet: Progress = { workflow: null, state: null, steps: [], end: null, failure: null, results: [] }

type Item = Output<'actor.watch'>

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What an item tells of the restart of this service that was asked for last. */
export function progressed(before: Progress, item: Item, service: string): Progress {
  if (item.type === 'fact') {
    const { type, about, because, data } = item.fact
    if (data['service'] !== service || !about.startsWith('restart.')) return before
    if (type === 'workflow.started') return before.workflow === null ? { ...before, workflow: about } : before
    if (about !== before.workflow) return before
    if (type === 'workflow.step') {
      const step = { name: text(data['step']), outcome: text(data['outcome']), because }
      return { ...before, steps: [...before.steps, step].slice(-bounds.steps) }
    }
    if (type === 'workflow.finished') return { ...before, end: data['outcome'] === 'done' ? 'done' : 'failed', state: null }
    return before
  }
  if (item.type === 'begin' || item.actor.address !== before.workflow) return before
  return { ...before, state: item.actor.live ? item.actor.state : null }
}

const resultsOf = (data: unknown): readonly ProgramResult[] => {
  const { pre_command_results: pre = [], post_command_results: post = [] } = data as Partial<Outcome>
  return [...pre, ...post]
}

/** Asks for it, and tells each step. Rejects where it was refused before it began. */
export async function followRestart(
  client: Client,
  input: Parameters<typeof client.call<'service.custom_restart'>>[1],
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  let progress = nothingYet
  const next = (to: Progress): void => {
    progress = to
    tell(progress)
  }
  const items = client.watch({ filter: 'restart.', facts: true, signal })
  // From here on nothing of it is missed.
  await items.next()
  const watching = (async () => {
    for await (const item of items) next(progressed(progress, item, input.service))
  })()
  watching.catch(() => {})
  try {
    const answer = await client.call('service.custom_restart', input, { signal })
    next({ ...progress, workflow: answer.workflow, end: 'done', state: null, results: resultsOf(answer) })
  } catch (error) {
    const failed = failureOf(error)
    const data = typeof error === 'object' && error !== null && 'data' in error ? error.data : {}
    if (progress.workflow === null || failed.field !== null) throw error
    next({ ...progress, end: 'failed', state: null, failure: failed, results: resultsOf(data) })
  } finally {
    void items.return()
  }
}
