import { factLine } from '../render/facts.ts'
import { addressLines, servicesTable } from '../render/status.ts'
import type { Output } from '../terminal.ts'
import { moving, type Display, type ReadStatus } from './display.ts'

/** Facts that come this close together ask for the state once, ms. */
const settleTime = 100

/** For files and pipes: one line a fact, and the table once everything has come up (or has failed to). */
export function plainDisplay(output: Output, read: ReadStatus): Display {
  let timer: NodeJS.Timeout | undefined
  let told = false
  let leftOut = 0

  const look = async (): Promise<void> => {
    timer = undefined
    if (told) return
    const fleet = await read()
    if (told || fleet.supervisor.status !== 'running' || moving(fleet) > 0) return
    told = true
    const look = output.look()
    await output.lines(['', ...servicesTable(fleet.services, look), '', ...addressLines(fleet, look), ''])
  }
  return {
    fact(fact) {
      if (output.full()) {
        leftOut++
      } else {
        if (leftOut > 0) void output.lines([`… ${leftOut} lines left out: nobody read them`])
        leftOut = 0
        void output.lines([factLine(fact, { ...output.look(), iso: true })])
      }
      if (fact.type === 'system.stopping' || fact.type === 'system.leaving') told = true
      if (!told) timer ??= setTimeout(() => void look(), settleTime).unref()
    },
    remark: (text) => void output.lines([text]),
    end() {
      clearTimeout(timer)
      return Promise.resolve()
    },
    abandon() {
      told = true
    },
  }
}
