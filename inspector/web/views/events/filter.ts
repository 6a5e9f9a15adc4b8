import type { Inspector } from '../../model/inspector.ts'
import type { Entry } from './journal.ts'
import { changesOf, nameOf, transitionOf } from './words.ts'

/** What is let through to a list of events. */

export interface Filter {
  readonly text: string
  /** An event's type; empty: any. */
  readonly type: string
  readonly only: 'everything' | 'transitions' | 'ignored' | 'dead'
}

export const everything: Filter = { text: '', type: '', only: 'everything' }

export const isEverything = ({ text, type, only }: Filter): boolean => text === '' && type === '' && only === 'everything'

export function passes({ text, type, only }: Filter, inspector: Inspector, entry: Entry): boolean {
  if (only !== 'everything' && entry.fate !== (only === 'transitions' ? 'moved' : only)) return false
  if (type !== '' && entry.event !== type) return false
  if (text === '') return true
  const words = [
    entry.event,
    nameOf(inspector, entry.actor),
    nameOf(inspector, entry.from),
    transitionOf(entry),
    changesOf(entry),
  ]
  return words.some((word) => word.toLowerCase().includes(text.toLowerCase()))
}
