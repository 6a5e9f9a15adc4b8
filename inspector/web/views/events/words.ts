import type { Inspector } from '../../model/inspector.ts'
import type { Entry } from './journal.ts'

/** Entries as they are read. */

export function transitionOf({ step, fate }: Entry): string {
  if (fate === 'ignored') return 'ignored'
  if (fate === 'dead') return 'too late: it had ended'
  if (step === null) return ''
  const { was, is } = step
  if (was.state === is.state) return `stays ${is.state ?? ''}`
  return `${was.state ?? ''} → ${is.state ?? ''}`
}

export const changesOf = ({ step }: Entry): string => Object.keys(step?.changes ?? {}).join(', ')

export const nameOf = (inspector: Inspector, actor: string | undefined): string =>
  actor === undefined ? 'outside' : inspector.nameOf(actor)
