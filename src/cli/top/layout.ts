import { lockdownInWords } from '../../protocol/lockdown.ts'
import type { FleetStatus } from '../../protocol/status.ts'
import { modeInWords } from '../render/mode.ts'
import type { Style } from '../render/paint.ts'
import { clockOf, shortDuration } from '../render/time.ts'
import { padded, widthOf } from './cells.ts'
import type { ScreenLook } from './look.ts'
import type { Model, Size } from './model.ts'

/** What stands above and below, and how much room is left between. */

const fine = new Set(['running', 'completed', 'stopped'])
const bannerStyle = { success: 'green', info: 'cyan', warning: 'yellow', error: 'red' } as const

/** From so many rows on there is room for more than two lines at the top, and two below. */
export const tall = 12

type Line = readonly [style: Style, text: string]

/** Lockdown and faults: one line each, where there is room. */
function alarms({ fleet, banner }: Model, rows: number): Line[] {
  if (fleet === undefined || rows < tall) return []
  const { lockdown, faults } = fleet.supervisor
  const locked: Line[] = lockdown === null ? [] : [['red', lockdownInWords(lockdown)]]
  const [fault, ...others] = faults
  if (fault === undefined || banner?.message.includes(fault.because) === true) return locked
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return [...locked, ['red', `fault: ${fault.because}${more}`]]
}

/** `4 of 6 fine, 1 backing_off, 1 failed`. */
function countsOf({ services }: FleetStatus): { readonly text: string; readonly style: Style } {
  const all = Object.values(services)
  const counts = new Map<string, number>()
  for (const { status } of all) if (!fine.has(status)) counts.set(status, (counts.get(status) ?? 0) + 1)
  const good = all.filter(({ status }) => fine.has(status)).length
  const others = [...counts].map(([status, count]) => `, ${count} ${status}`).join('')
  const style = counts.has('failed') || counts.has('unhealthy') ? 'red' : counts.size > 0 ? 'yellow' : 'green'
  return { text: `${good} of ${all.length} fine${others}`, style }
}

function headline(model: Model, columns: number, { paint }: ScreenLook): string {
  const { fleet, link } = model
  const lost = link.state === 'lost'
  const state = lost ? 'lost' : 'connected'
  const right = ` ${state}`
  const room = columns - widthOf(right)
  const name = paint('bold', 'hyphae')
  const left = ((): string => {
    if (fleet === undefined) return name
    const { supervisor } = fleet
    const counts = countsOf(fleet)
    const mode = supervisor.mode === null ? '' : `  ${modeInWords(supervisor)}`
    const running = supervisor.status === 'running' ? '' : `  ${paint('yellow', supervisor.status)}`
    const locked = supervisor.lockdown === null ? '' : `  ${paint('red', 'locked down')}`
    const about = paint('dim', `${mode}  pid ${supervisor.pid}, up ${shortDuration(supervisor.uptime)}`)
    return `${name}  ${paint(counts.style, counts.text)}${running}${locked}${about}`
  })()
  return `${padded(left, room)}${paint(lost ? 'red' : 'green', right)}`
}

function newsLine({ link, banner, at }: Model): Line {
  if (link.state === 'lost') {
    const when = at === 0 ? '' : `, shown as it was at ${clockOf(new Date(at).toISOString())}`
    return ['red', `connection lost${when}; trying again (${link.because})`]
  }
  return banner === undefined ? ['dim', ''] : [bannerStyle[banner.type], banner.text]
}

export function headerLines(model: Model, { columns, rows }: Size, look: ScreenLook): readonly string[] {
  const { paint } = look
  const lines = [newsLine(model), ...alarms(model, rows)]
  return [headline(model, columns, look), ...lines.map(([style, text]) => paint(style, text))]
}

/** Lines of the part that moves: below its title, and above the line that says what goes on and the keys. */
export const bodyHeight = (model: Model, { rows }: Size): number => Math.max(1, rows - 2 - alarms(model, rows).length - 1 - 2)
