import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { leafOf } from '../model/words.ts'

/** Phases are told by colour, shape and word alike. */

const shapes: Readonly<Record<string, string>> = {
  handshake: 'M6 1.5 10.5 6 6 10.5 1.5 6Z',
  active: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9Z',
  reaped: 'M2.5 2.5h7v7h-7Z',
}

export const phaseWords: Readonly<Record<string, string>> = {
  handshake: 'wanted, not confirmed yet',
  active: 'a live resource',
  reaped: 'none, and none wanted',
}

export function PhaseMark({ phase, named = false }: { readonly phase: string | undefined; readonly named?: boolean }) {
  if (phase === undefined) return <span class="phase phase-none" title="it has no phase" aria-hidden="true" />
  return (
    <span class={`phase phase-${phase}`} title={`${phase}: ${phaseWords[phase] ?? ''}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path d={shapes[phase] ?? ''} />
      </svg>
      {named ? <span>{phase}</span> : <span class="unseen">{phase}</span>}
    </span>
  )
}

/** In trouble: it says so by a word, so the chip need not rely on its colour. */
const trouble = /crash|fail|error|fatal|unhealthy|backoff|exhausted|broken/i

export const isTrouble = ({ state, end }: ActorRow): boolean => end === 'error' || trouble.test(leafOf(state ?? ''))

export function StateChip({ row, full = false }: { readonly row: ActorRow; readonly full?: boolean }) {
  const words = row.end === undefined ? (row.state ?? row.logic ?? '') : row.end === 'error' ? 'crashed' : row.end
  if (words === '') return null
  const kind = isTrouble(row) ? 'danger' : row.end === undefined ? (row.phase ?? 'none') : 'reaped'
  return (
    <span class={`chip chip-${kind}`} title={row.state}>
      {full ? words : leafOf(words)}
    </span>
  )
}
