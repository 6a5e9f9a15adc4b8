import type { AnyStateMachine } from 'xstate'
import { createElk } from '../../inspector/layout/in-node.ts'
import { layoutOf } from '../../inspector/layout/layout-of.ts'
import type { ChartLayout } from '../../inspector/layout/layout.ts'
import type { ActorRow, Chart, InspectionRecord } from '../../src/protocol/inspection.ts'
import { chartOf } from '../../src/inspection/chart.ts'

/** What an inspector is told of a fleet that a test made up. */

export const drawn = async (machine: AnyStateMachine): Promise<{ readonly chart: Chart; readonly layout: ChartLayout }> => {
  const chart = chartOf(machine)
  return { chart, layout: await layoutOf(chart, createElk()) }
}

export const rowOf = (row: Partial<ActorRow> & { readonly id: string }): ActorRow => ({ since: 0, events: 0, ...row })

/** Wall clock, ms: when the made-up stories begin. */
export const noon = Date.UTC(2026, 10, 21, 12)

const states = ['live.running.starting', 'live.running.healthy', 'live.running.unhealthy'] as const

/**
 * So many records of a service, its process and its gate: events and the steps they led to; each tenth is ignored, and of a hundred
 * one comes too late. `first`: the number of the first record.
 */
export function storyOf(count: number, first = 1): InspectionRecord[] {
  const records: InspectionRecord[] = []
  for (let round = 0; records.length < count; round += 1) {
    const seq = first + records.length
    const at = noon + seq * 20
    const [was, is] = [states[round % 3] ?? states[0], states[(round + 1) % 3] ?? states[1]]
    const from = round % 4 === 3 ? {} : { from: round % 2 === 0 ? 'process' : 'gate' }
    const event = round % 4 === 3 ? 'RESTART' : round % 2 === 0 ? 'process.ready' : 'gate.open'
    if (round % 100 === 99) {
      records.push({ type: 'event', seq, at, to: 'service', from: 'process', event: 'process.stuck', dead: true })
      continue
    }
    records.push({
      type: 'event',
      seq,
      at,
      to: 'service',
      ...from,
      event,
      payload: { round, reason: { why: 'a test', depth: [1, 2] } },
    })
    if (round % 10 === 9) records.push({ type: 'ignored', seq: seq + 1, at, actor: 'service', of: seq, event })
    else
      records.push({
        type: 'step',
        seq: seq + 1,
        at,
        actor: 'service',
        of: seq,
        event,
        edges: ['service.live.running.starting#0'],
        was: { phase: 'handshake', state: was, since: at - 20 },
        is: { phase: is === 'live.running.starting' ? 'handshake' : 'active', state: is, since: at },
        changes: { restartCount: [round, round + 1] },
      })
  }
  return records.slice(0, count)
}

export const actorsOfStory = (chart?: string): ActorRow[] => [
  rowOf({ id: 'service', address: 'service.web', phase: 'active', state: states[1], ...(chart === undefined ? {} : { chart }) }),
  rowOf({ id: 'process', address: 'process.web', parent: 'service', phase: 'active', state: 'up.healthy' }),
  rowOf({ id: 'gate', name: 'gate', parent: 'service', logic: 'callback' }),
]
