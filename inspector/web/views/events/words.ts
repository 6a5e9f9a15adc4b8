import type { Chart } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { everyNode } from '../chart/lit.ts'
import type { Entry } from './journal.ts'

/** Entries as they are read. */

const two = (value: number, digits = 2): string => String(value).padStart(digits, '0')

/** The time of day, to the millisecond. */
export function timeOf(at: number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`
}

export function transitionOf({ step, fate }: Entry): string {
  if (fate === 'ignored') return 'ignored'
  if (fate === 'dead') return 'too late: it had ended'
  if (step === null) return ''
  const { was, is } = step
  if (was.state === is.state) return `stays ${is.state ?? ''}`
  return `${was.state ?? ''} → ${is.state ?? ''}`
}

export const changesOf = ({ step }: Entry): string => Object.keys(step?.changes ?? {}).join(', ')

/** An event as people call it: `after grace`, `process ended`. */
export const eventWords = (event: string, chart: Chart | null): string =>
  (event.startsWith('xstate.') &&
    chart !== null &&
    everyNode(chart.root)
      .flatMap(({ edges }) => edges)
      .find(({ type }) => type === event)?.label) ||
  event
    .replace(
      /^xstate\.(done|error)\.actor\.(.+)$/,
      (_, how: string, who: string) => `${who} ${how === 'done' ? 'ended' : 'failed'}`,
    )
    .replace(/^xstate\.after\.([^.]+)\..*$/, 'after $1')
    .replace(/^xstate\.init$/, 'begin')

export const nameOf = (inspector: Inspector, actor: string | undefined): string =>
  actor === undefined ? 'outside' : inspector.nameOf(actor)
