import type { FleetStatus } from '../../protocol/status.ts'
import type { Fact } from '../../protocol/facts.ts'
import { factLine } from '../render/facts.ts'
import { liveLines } from '../render/live.ts'
import { screenOn, spinnerAt } from '../screen.ts'
import type { Output } from '../terminal.ts'
import { moving, type Display, type ReadStatus } from './display.ts'

/** One frame, ms. */
const frame = 100
/** How often figures that nobody announces are read anew, ms. */
const readEvery = 1_000
/** Facts shown below the table. */
const events = 8

/** For terminals: the table, drawn again in its place, with the addresses and the last events below. */
export function liveDisplay(output: Output, read: ReadStatus): Display {
  const screen = screenOn(output)
  const recent: Fact[] = []
  let fleet: FleetStatus | undefined
  let remark = ''
  /** Before the first fact there is nothing to show: it may be that we are refused. */
  let changed = false
  let over = false
  let abandoned = false
  /** What they are left as stays in the picture: nobody looks at them any more. */
  let left = false
  let readAt = -Infinity
  let reading: Promise<void> | undefined

  const readNow = async (): Promise<void> => {
    readAt = performance.now()
    changed = false
    const now = left ? fleet : await read()
    // Asked before it was left, and answered after.
    if (!left) fleet = now
    draw()
  }
  const draw = (): void => {
    if (fleet === undefined || abandoned) return
    const look = output.look()
    const busy = !over && (moving(fleet) > 0 || fleet.supervisor.status !== 'running')
    const spinner = busy ? spinnerAt(performance.now()) : ''
    const facts = recent.map((fact) => factLine(fact, look))
    screen.draw(liveLines(fleet, { spinner, remark: over ? '' : remark, facts, over }, look, output.rows() - 1))
  }
  const tick = (): void => {
    if (reading === undefined && (changed || (fleet !== undefined && performance.now() - readAt >= readEvery))) {
      reading = readNow().finally(() => {
        reading = undefined
      })
    } else if (fleet !== undefined && moving(fleet) > 0) {
      draw()
    }
  }
  const timer = setInterval(tick, frame)
  output.onResize(() => {
    changed = true
  })

  return {
    fact(fact) {
      recent.push(fact)
      if (recent.length > events) recent.shift()
      changed = true
      if (fact.type !== 'system.leaving') return
      left = true
      if (fleet !== undefined) fleet = { ...fleet, supervisor: { ...fleet.supervisor, status: 'leaving' } }
    },
    remark(text) {
      remark = text
      changed = true
    },
    async end() {
      clearInterval(timer)
      await reading
      over = true
      if (recent.length > 0) await readNow()
    },
    abandon() {
      clearInterval(timer)
      abandoned = true
    },
  }
}
