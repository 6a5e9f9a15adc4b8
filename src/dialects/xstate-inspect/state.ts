import { stateValueOf, tagsOf } from '../publication/state-value.ts'
import type { ShownActor, ShownEvent } from '../publication/tongue.ts'

/** An actor's state and the events that it takes, as XState 4 has them. */

export const scxmlOf = (event: ShownEvent, from?: string): object => ({
  name: event.type,
  data: event,
  $$type: 'scxml',
  type: 'external',
  ...(from === undefined ? {} : { origin: from }),
})

/** What `State.create` of XState 4 takes. */
export function stateOf({ row, chart, context }: ShownActor, event: ShownEvent, done: boolean): object {
  const value = chart === null ? (row.state ?? '') : stateValueOf(chart.root, row.state ?? '')
  return {
    value,
    context,
    event,
    _event: scxmlOf(event),
    _sessionid: row.id,
    actions: [],
    activities: {},
    meta: {},
    events: [],
    configuration: [],
    transitions: [],
    children: {},
    done,
    changed: event.type !== 'xstate.init',
    tags: chart === null ? [] : tagsOf(chart.root, value),
  }
}
