import { isRecord } from '../protocol/json.ts'
import type { Chart } from '../protocol/inspection.ts'
import { publication } from './publication.ts'
import { configOf } from './publication/machine-config.ts'
import { stateValueOf, tagsOf } from './publication/state-value.ts'
import type { ShownActor, ShownEvent, Tongue, Wish } from './publication/tongue.ts'
import { stableJson } from './stately-inspect/stable.ts'

/**
 * What `@statelyai/inspect` 0.7 says over a WebSocket: `@xstate.actor`, `@xstate.event` and `@xstate.snapshot`, one JSON text a
 * message. It has no word for an end: that is a snapshot whose status is not active any more.
 *
 * Back come the commands of xstate-mcp: `xstate-mcp.send {requestId, sessionId, event}`, which `xstate-mcp.send.response` answers.
 */

/** The version whose format this is; consumers look whether there is one. */
const format = '0.7.2'

const machineOf = (chart: Chart): object =>
  configOf(chart, {
    event: (type) => type,
    action: (type) => ({ type }),
    transition: ({ targets, guard, actions }) => ({
      ...(targets.length === 0 ? {} : { target: targets.map((id) => `#${id}`) }),
      ...(guard === null ? {} : { guard: { type: guard } }),
      ...(actions.length === 0 ? {} : { actions: actions.map((type) => ({ type })) }),
    }),
  })

const message = (type: string, { row, root, at }: ShownActor, rest: object): string =>
  stableJson({ type, _version: format, createdAt: String(at), id: null, rootId: root, sessionId: row.id, ...rest })

function snapshotOf({ row, chart, context, children }: ShownActor, rest: object = {}): object {
  const status = row.end ?? 'active'
  if (chart === null) return { status, ...rest }
  const value = stateValueOf(chart.root, row.state ?? '')
  return {
    status,
    value,
    context,
    children: Object.fromEntries(children.map(({ name }) => [name, { xstate$$type: 1, id: name }])),
    historyValue: {},
    tags: tagsOf(chart.root, value),
    ...rest,
  }
}

const snapshot = (actor: ShownActor, event: ShownEvent, rest?: object): string =>
  message('@xstate.snapshot', actor, { event, snapshot: snapshotOf(actor, rest) })

function sent({ requestId, sessionId, event }: Readonly<Record<string, unknown>>): Wish {
  const bad = (because: string): Wish => ({ type: 'bad', because })
  if (typeof requestId !== 'string' || requestId === '' || requestId.length > 128)
    return bad('requestId: expected a text of at most 128 characters')
  if (typeof sessionId !== 'string') return bad('sessionId: expected the session id of an actor')
  if (!isRecord(event) || typeof event['type'] !== 'string' || event['type'] === '')
    return bad('event: expected an object with a type')
  return { type: 'send', to: sessionId, event: { ...event, type: event['type'] }, request: requestId }
}

const tongue: Tongue = {
  name: 'stately-inspect',
  unasked: true,
  shows: () => true,
  machine: (chart) => stableJson(machineOf(chart)),
  register: (actor) => [
    message('@xstate.actor', actor, {
      name: actor.name,
      ...(actor.parent === undefined ? {} : { parentId: actor.parent }),
      definition: actor.machine ?? stableJson({ id: actor.name }),
      snapshot: snapshotOf(actor),
    }),
  ],
  event: (actor, event, from) => [message('@xstate.event', actor, { event, ...(from === undefined ? {} : { sourceId: from }) })],
  state: (actor, event) => [snapshot(actor, event)],
  ended(actor, record) {
    const row = { ...actor.row, end: actor.row.end ?? ('stopped' as const) }
    const output = record?.output === undefined ? {} : { output: record.output }
    return [snapshot({ ...actor, row }, { type: 'xstate.stop' }, output)]
  },
  heard(given) {
    const type = String(given['type'])
    if (type === 'xstate-mcp.send') return sent(given)
    // What consumers say about themselves, and what a relay gives back to everybody who talks to it.
    if (/^(?:xstate-mcp|@statelyai|@xstate)\./.test(type)) return { type: 'nothing' }
    return { type: 'bad', because: 'type: expected "xstate-mcp.send"' }
  },
  answer: ({ request, to }, reply) =>
    stableJson({
      type: 'xstate-mcp.send.response',
      requestId: request,
      sessionId: to,
      success: reply.ok,
      ...(reply.ok ? {} : { error: reply.error.message, code: reply.error.code }),
    }),
  remark: (remark) => stableJson(remark),
}

export const statelyInspect = publication(tongue)
