import type { Fact, FactType } from '../../protocol/facts.ts'
import { parseAddress } from '../../protocol/ids.ts'
import type { Style } from './paint.ts'
import type { Look } from './table.ts'
import { cut, lengthOf, printable } from './text.ts'
import { momentOf } from './time.ts'

const styles: Partial<Record<FactType, Style>> = {
  'service.adopted': 'green',
  'service.ready': 'green',
  'service.recovered': 'green',
  'service.completed': 'green',
  'service.unhealthy': 'red',
  'service.killing': 'red',
  'service.stuck': 'red',
  'service.handedOver': 'green',
  'service.overlapFailed': 'red',
  'service.restarting': 'yellow',
  'service.gaveUp': 'red',
  'service.failed': 'red',
  'service.refused': 'yellow',
  'service.left': 'yellow',
  'program.refused': 'yellow',
  'group.holding': 'yellow',
  'group.restarted': 'green',
  'group.gaveUp': 'red',
  'schedule.missed': 'yellow',
  'listener.failed': 'red',
  'system.reloadRefused': 'red',
  'system.leaving': 'yellow',
  'system.left': 'yellow',
  'system.crashed': 'red',
  'system.fault': 'red',
  'system.mended': 'green',
  'system.damaged': 'red',
  'system.swept': 'yellow',
  'command.accepted': 'cyan',
  'command.refused': 'yellow',
  'access.refused': 'red',
  'system.lockdown': 'red',
  'actor.crashed': 'red',
}

/** Where the last part of the type is no good word by itself. */
const words: Partial<Record<FactType, string>> = {
  'service.overlapping': 'starts beside',
  'service.overlapFailed': 'kept the old one',
  'service.left': 'left running',
  'system.left': 'left the services running',
  'system.damaged': 'journal damaged',
  'program.started': 'runs',
  'program.finished': 'ran',
  'command.accepted': 'asked',
  'access.refused': 'not let in',
}

/** `service.gaveUp` → `gave up`. */
export const wordOf = (type: FactType): string =>
  words[type] ?? parseAddress(type).key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

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

/** What goes with it: the reason, else the figure that says most; then who asked for it, where the reason does not say so. */
function detailOf({ type, because, by, data }: Fact, origin: boolean): string {
  const pid = figure(data, 'pid')
  const what = because ?? figure(data, 'address') ?? (pid === undefined ? '' : `pid ${pid}`)
  const actors = figure(data, 'actors')
  const request = figure(data, 'request_id')
  const asked = [
    ...(by === null || (what.includes(by) && !origin) ? [] : [`by ${by}`]),
    ...(origin ? originIn(data, what) : []),
    ...(request === undefined ? [] : [`request ${request}`]),
  ].join(', ')
  // The word before it may have said it.
  const said = [what === wordOf(type) ? '' : what, actors === undefined ? '' : `of ${actors}`].filter((part) => part !== '')
  if (said.length === 0) return asked
  return `${said.join(' ')}${asked === '' ? '' : ` (${asked})`}`
}

/** By which way whoever asked for it came. */
function originIn(data: Fact['data'], what: string): string[] {
  const via = figure(data, 'via')
  const peer = figure(data, 'peer')
  if (via === undefined) return []
  return [`over ${via}${peer === undefined || what.includes(peer) ? '' : ` from ${peer}`}`]
}

interface FactLook extends Look {
  /** Whole timestamps, for files. */
  readonly iso?: boolean
  /** Wall clock, ms: what is not of today has its date. */
  readonly now?: number
  /** Tell where whoever asked for it came from. */
  readonly origin?: boolean
}

/** One fact as one line: when, who, what, why. */
export function factLine(fact: Fact, { width, paint, iso = false, now = Date.now(), origin = false }: FactLook): string {
  const parts: ReadonlyArray<readonly [Style | undefined, string]> = [
    ['dim', iso ? fact.time : momentOf(fact.time, now)],
    [undefined, subjectOf(fact.about)],
    [styles[fact.type], wordOf(fact.type)],
    [undefined, detailOf(fact, origin)],
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
