import type { Output } from '../../client/index.ts'
import type { Style } from './paint.ts'
import type { Look } from './table.ts'
import { cut, printable } from './text.ts'

type Result = Output<'service.start'>['results'][number]

export const outcomeStyles: Readonly<Record<Result['outcome'], Style>> = {
  done: 'green',
  accepted: 'cyan',
  failed: 'red',
  busy: 'yellow',
  cancelled: 'yellow',
}

/** One line a service: what became of what was asked, its process and why. */
export function resultLines(results: readonly Result[], { width, paint }: Look): string[] {
  const wide = Math.max(0, ...results.map(({ service }) => service.length))
  return results.map(({ service, outcome, state, pid, because, workflow }) => {
    const word = outcome === 'done' ? state : outcome
    // What was only accepted has the process and the reason of before.
    const parts = outcome === 'accepted' ? [workflow] : [pid === null ? null : `pid ${pid}`, because]
    const rest = parts.map((part) => (part === null ? '' : `  ${part}`)).join('')
    const head = `${printable(service).padEnd(wide)}  `
    return `${head}${paint(outcomeStyles[outcome], printable(word))}${cut(printable(rest), width - head.length - word.length)}`
  })
}
