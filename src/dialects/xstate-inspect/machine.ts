import type { Chart, ChartEdge, ChartNode } from '../../protocol/inspection.ts'
import { configOf } from '../publication/machine-config.ts'

/** A chart as a machine of XState 4. */

/** What XState 4 calls the events that XState itself makes. */
export function eventNameOf(type: string): string {
  const [, done] = /^xstate\.done\.actor\.(.+)$/s.exec(type) ?? []
  if (done !== undefined) return `done.invoke.${done}`
  const [, error] = /^xstate\.error\.actor\.(.+)$/s.exec(type) ?? []
  if (error !== undefined) return `error.platform.${error}`
  const [, state] = /^xstate\.done\.state\.(.+)$/s.exec(type) ?? []
  if (state !== undefined) return `done.state.${state}`
  // Names of delays hold no dots.
  const [, delay, node] = /^xstate\.after\.([^.]+)\.(.+)$/s.exec(type) ?? []
  return delay === undefined || node === undefined ? type : `xstate.after(${delay})#${node}`
}

/** XState 4 leaves and enters a state again where nothing else is said; XState 5 does not. */
const staysWithin = ({ targets }: ChartEdge, { id }: ChartNode): boolean =>
  targets.length > 0 && targets.every((target) => target === id || target.startsWith(`${id}.`))

export const machineOf = (chart: Chart): object =>
  configOf(chart, {
    event: eventNameOf,
    action: (name) => name,
    transition: (edge, from) => ({
      ...(edge.targets.length === 0 ? {} : { target: edge.targets.map((id) => `#${id}`) }),
      ...(edge.guard === null ? {} : { cond: edge.guard }),
      ...(edge.actions.length === 0 ? {} : { actions: edge.actions }),
      ...(staysWithin(edge, from) ? { internal: true } : {}),
    }),
  })
