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
  let changed = true
  let over = false
  let readAt = -Infinity
  let reading: Promise<void> | undefined

  const readNow = async (): Promise<void> => {
    readAt = performance.now()
    changed = false
    fleet = await read()
    draw()
  }
  const draw = (): void => {
    if (fleet === undefined) return
    const look = output.look()
    const busy = !over && (moving(fleet) > 0 || fleet.supervisor.status !== 'running')
    const spinner = busy ? spinnerAt(performance.now()) : ''
    const facts = recent.map((fact) => factLine(fact, look))
    screen.draw(liveLines(fleet, { spinner, remark: over ? '' : remark, facts, over }, look, output.rows() - 1))
  }
  const tick = (): void => {
    if (reading === undefined && (changed || performance.now() - readAt >= readEvery)) {
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
    },
    remark(text) {
      remark = text
      changed = true
    },
    async end() {
      clearInterval(timer)
      await reading
      over = true
      await readNow()
    },
  }
}
