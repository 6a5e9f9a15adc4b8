import type { Output } from '../../client/index.ts'
import { formatDuration } from '../../protocol/duration.ts'
import type { ModeSource } from '../../protocol/mode.ts'
import { outcomeStyles } from './results.ts'
import { table, type Look } from './table.ts'
import { printable, wrapped } from './text.ts'

type Mode = Output<'system.mode'>
type Switched = Output<'system.switch_mode'>

const sources: Readonly<Record<ModeSource, string>> = {
  flag: 'chosen by --mode',
  environment: 'chosen by MAGICTUNNEL_RUNTIME_MODE',
  file: 'chosen by the config',
  switched: 'switched to',
  none: '',
}

/** `mode: advanced (switched to)`. What the file chose needs no mention. */
export const modeInWords = ({ mode, mode_source: source }: { mode: string | null; mode_source: ModeSource }): string =>
  mode === null ? 'no mode' : `mode: ${mode}${source === 'file' ? '' : ` (${sources[source]})`}`

/** Where an earlier switch, and not what `up` was told, chose the mode. */
export const resumedModeLines = ({ mode, mode_source: source }: { mode: string | null; mode_source: ModeSource }): string[] =>
  source === 'switched' && mode !== null
    ? [printable(`the mode is ${mode}, as it was switched to; another one: hyphae mode <name>`)]
    : []

const list = (names: readonly string[]): string => (names.length === 0 ? '-' : names.join(', '))

/** Every mode with its services, the one in force marked, and below it what that one shows and hides. */
export function modeLines(
  { mode, source, available_features: shown, hidden_features: hidden, modes }: Mode,
  look: Look,
): string[] {
  const head = mode === null ? 'no mode is in force' : `mode: ${mode}${sources[source] === '' ? '' : ` (${sources[source]})`}`
  const remark = (label: string, names: readonly string[]): string[] =>
    names.length === 0
      ? []
      : wrapped(printable(`${label}: ${names.join(', ')}`), look.width).map((line) => look.paint('dim', line))
  const rows = modes.map(({ name, services, description }) => [
    { text: name === mode ? '*' : '' },
    { text: name, ...(name === mode ? { style: 'green' as const } : {}) },
    { text: list(services) },
    { text: description ?? '', style: 'dim' as const },
  ])
  return [
    printable(head),
    ...remark('shows', shown),
    ...remark('hides', hidden),
    ...(rows.length === 0
      ? []
      : ['', ...table([{ title: '' }, { title: 'MODE' }, { title: 'SERVICES' }, { title: 'WHAT' }], rows, look)]),
  ]
}

/** What a switch did to which services, and how it ended. */
export function switchLines(result: Switched, look: Look): string[] {
  const { outcome, because, mode, from, workflow, step, stopped, restarted, started, total_execution_time_ms: ms } = result
  if (outcome === 'accepted') {
    const where = step ?? because
    return [`${look.paint('cyan', 'accepted')}  ${workflow}${where === null ? '' : `  ${printable(where)}`}`]
  }
  const rows = [
    ['stopped', stopped],
    ['restarted', restarted],
    ['started', started],
  ] as const
  const nothing = outcome === 'done' && rows.every(([, names]) => names.length === 0)
  const head =
    outcome === 'done'
      ? `the mode is ${printable(mode ?? '-')}${from === mode ? ' already' : `, from ${printable(from ?? 'none')}, after ${formatDuration(ms)}`}`
      : `${look.paint(outcomeStyles[outcome], outcome)} after ${formatDuration(ms)}; the mode is ${printable(mode ?? '-')}`
  // What was undone is no news.
  if (outcome !== 'done') return [head]
  return [
    head,
    ...(nothing && from !== mode ? ['no service differs'] : []),
    ...rows.flatMap(([what, names]) =>
      names.length === 0 ? [] : wrapped(printable(`${what}: ${names.join(', ')}`), look.width),
    ),
  ]
}
