import { publication } from './publication.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import type { ShownActor, ShownEvent, Tongue, Wish } from './publication/tongue.ts'
import { eventNameOf, machineOf } from './xstate-inspect/machine.ts'
import { scxmlOf, stateOf } from './xstate-inspect/state.ts'

/**
 * What `@xstate/inspect` 0.8 says over a WebSocket: one JSON text a message, in which machines, states and events are JSON texts
 * again. Its receiver makes machines and states of XState 4 of them.
 *
 * - in: `xstate.inspecting` (tell me everything), `xstate.event` (send this)
 * - out: `service.register`, `service.event`, `service.state`, `service.stop`; beside them `hyphae.sent`, `hyphae.refused`,
 *   `hyphae.error` and `hyphae.left_out`, which its receivers pass over
 */

const message = (type: string, rest: object): string => JSON.stringify({ type, ...rest })

const told = (event: ShownEvent): ShownEvent => ({ ...event, type: eventNameOf(event.type) })

const stateMessage = (actor: ShownActor, event: ShownEvent, done = false): string =>
  message('service.state', { state: JSON.stringify(stateOf(actor, told(event), done)), sessionId: actor.row.id })

function sent(given: Readonly<Record<string, unknown>>): Wish {
  const bad = (because: string): Wish => ({ type: 'bad', because })
  if (typeof given['event'] !== 'string') return bad('event: expected the JSON text of an SCXML event')
  let event: unknown
  try {
    event = parseJson(given['event'])
  } catch {
    return bad('event: expected the JSON text of an SCXML event')
  }
  if (!isRecord(event)) return bad('event: expected an SCXML event {name, data, origin}')
  const { name, data = { type: name }, origin = given['service'] } = event
  if (typeof name !== 'string' || name === '') return bad('event.name: expected the type of an event')
  if (!isRecord(data) || data['type'] !== name) return bad('event.data: expected an event of the type that event.name tells')
  if (typeof origin !== 'string') return bad('event.origin: expected the session id of an actor')
  return { type: 'send', to: origin, event: { ...data, type: name }, request: '' }
}

const tongue: Tongue = {
  name: 'xstate-inspect',
  unasked: false,
  // XState 4 knows a callback or a promise only as a part of the machine that started it.
  shows: ({ chart }) => chart !== undefined,
  machine: (chart) => JSON.stringify(machineOf(chart)),
  register: (actor) => [
    message('service.register', {
      machine: actor.machine ?? JSON.stringify({ id: actor.name }),
      state: JSON.stringify(stateOf(actor, { type: 'xstate.init' }, false)),
      id: actor.name,
      sessionId: actor.row.id,
      ...(actor.parent === undefined ? {} : { parent: actor.parent }),
    }),
  ],
  event: ({ row }, event, from) => [
    message('service.event', { event: JSON.stringify(scxmlOf(told(event), from)), sessionId: row.id }),
  ],
  state: (actor, event) => [stateMessage(actor, event)],
  ended: (actor, record) => [
    ...(record?.actor.end === 'done' ? [stateMessage(actor, { type: 'xstate.stop' }, true)] : []),
    message('service.stop', { sessionId: actor.row.id }),
  ],
  heard(given) {
    if (given['type'] === 'xstate.inspecting') return { type: 'present' }
    if (given['type'] === 'xstate.event') return sent(given)
    return { type: 'bad', because: 'type: expected "xstate.inspecting" or "xstate.event"' }
  },
  answer: ({ to, event }, reply) =>
    reply.ok
      ? message('hyphae.sent', { sessionId: to, event: event.type })
      : message('hyphae.refused', { sessionId: to, event: event.type, error: reply.error }),
  remark: (remark) => JSON.stringify(remark),
}

export const xstateInspect = publication(tongue)
