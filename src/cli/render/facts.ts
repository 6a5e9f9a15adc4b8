import type { Fact, FactType } from '../../protocol/facts.ts'
import { parseAddress } from '../../protocol/ids.ts'
import type { Style } from './paint.ts'
import type { Look } from './table.ts'
import { cut, lengthOf, printable } from './text.ts'
import { clockOf } from './time.ts'

const styles: Partial<Record<FactType, Style>> = {
  'service.ready': 'green',
  'service.recovered': 'green',
  'service.completed': 'green',
  'service.unhealthy': 'red',
  'service.killing': 'red',
  'service.stuck': 'red',
  'service.restarting': 'yellow',
  'service.gaveUp': 'red',
  'service.failed': 'red',
  'service.refused': 'yellow',
  'listener.failed': 'red',
  'actor.crashed': 'red',
}

/** `service.gaveUp` → `gave up`. */
export const wordOf = (type: FactType): string =>
  parseAddress(type).key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** Whom it is about: services by their bare name, the orchestrator by ours. */
function subjectOf(about: string): string {
  const { kind, key } = parseAddress(about)
  if (kind === 'service') return key
  return kind === 'supervisor' ? 'hyphae' : about
}

const figure = (data: Fact['data'], name: string): string | undefined => {
  const value = data[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** What goes with it: the reason, else the figure that says most. */
function detailOf({ because, by, data }: Fact): string {
  const pid = figure(data, 'pid')
  const what = because ?? figure(data, 'address') ?? (pid === undefined ? '' : `pid ${pid}`)
  if (by === null || what.includes(by)) return what
  return what === '' ? `by ${by}` : `${what} (by ${by})`
}

/** One fact as one line: when, who, what, why. `iso` = whole timestamps, for files. */
export function factLine(fact: Fact, { width, paint, iso = false }: Look & { readonly iso?: boolean }): string {
  const parts: ReadonlyArray<readonly [Style | undefined, string]> = [
    ['dim', iso ? fact.time : clockOf(fact.time)],
    [undefined, subjectOf(fact.about)],
    [styles[fact.type], wordOf(fact.type)],
    [undefined, detailOf(fact)],
  ]
  let room = width
  const shown: string[] = []
  for (const [style, raw] of parts) {
    if (raw === '' || room <= 0) continue
    const text = cut(printable(raw), room)
    room -= lengthOf(text) + 2
    shown.push(style === undefined ? text : paint(style, text))
  }
  return shown.join('  ')
}
