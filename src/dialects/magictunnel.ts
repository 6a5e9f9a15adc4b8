import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { formatDuration } from '../protocol/duration.ts'
import { limits } from '../protocol/limits.ts'
import type { Reply } from '../protocol/reply.ts'
import { conclude, refused, shown, withStatus, type Answer } from './magictunnel/answers.ts'
import { call, callAbout, statusOf, type Call } from './magictunnel/calls.ts'
import { telnetLines } from './magictunnel/codec.ts'
import { foreign, understand, usage } from './magictunnel/lines.ts'
import type { Order } from './magictunnel/orders.ts'

/**
 * The MagicTunnel supervisor's control port: a line of JSON or of text, answered by a line of JSON
 * `{success, message, data, timestamp}`.
 *
 * - JSON: one line, one answer, and the connection closes. Further lines that came before are answered too, in order.
 * - Text: who asks all at once (`echo status | nc`) is let go after a second of silence; who types stays.
 * - HTTP, TLS and binary are refused, and nothing after them is read: a web page can post lines of ours.
 */

export interface MagicTunnelOptions {
  /** The time of an answer, RFC 3339. */
  now(): string
  /** The service that is meant where none is named. */
  defaultService(): string | null
  /** May this control verb be used on this port? */
  isAllowed(verb: string): boolean
}

/** A request, in the order in which they came; answers leave in that order. */
interface Slot {
  readonly corr: string
  readonly verb: Order['verb']
  /** The service that is meant. */
  readonly service: string | null
  /** What was done already; the status of the service is on its way. */
  readonly done: string | null
  readonly answer: Answer | null
}

export interface MagicTunnelState {
  readonly next: number
  readonly authenticated: boolean
  /** A token is being proved, and lines wait for it. */
  readonly proving: string | null
  readonly held: readonly string[]
  readonly slots: readonly Slot[]
  /** The connection is as young as one that a program makes to ask one thing. */
  readonly early: boolean
  /** Lines that asked for something, as far as they matter: 2 = more than one. */
  readonly lines: 0 | 1 | 2
  /** The only line was text, and came early. */
  readonly once: boolean
  /** Why it closes once all is answered. */
  readonly closing: string | null
  /** Nothing more is taken. */
  readonly deaf: boolean
  readonly closed: boolean
}

type Step = readonly [MagicTunnelState, readonly Effect[]]

const stayIdle: Effect = { type: 'timer', id: 'idle', ms: limits.controlIdleTime }
const initial: MagicTunnelState = {
  next: 1,
  authenticated: true,
  proving: null,
  held: [],
  slots: [],
  early: false,
  lines: 0,
  once: false,
  closing: null,
  deaf: false,
  closed: false,
}

export function magictunnel({ now, defaultService, isAllowed }: MagicTunnelOptions): Dialect<MagicTunnelState> {
  const write = ({ success, message, data }: Answer): Effect => ({
    type: 'write',
    text: JSON.stringify({ success, message, data, timestamp: now() }),
  })

  /** Writes the answers whose turn it is, and closes when it is over. */
  function settle(state: MagicTunnelState, effects: readonly Effect[]): Step {
    const { slots } = state
    const open = slots.findIndex(({ answer }) => answer === null)
    const answers = (open < 0 ? slots : slots.slice(0, open)).flatMap(({ answer }) => (answer === null ? [] : [write(answer)]))
    const rest = open < 0 ? [] : slots.slice(open)
    const after = answers.length === 0 ? state : { ...state, slots: rest }
    const all = answers.length === 0 ? effects : [...effects, ...answers]
    if (rest.length > 0 || state.proving !== null) return [after, all]
    if (state.closing !== null) {
      return [{ ...after, deaf: true, closed: true }, [...all, { type: 'close', because: state.closing }]]
    }
    return state.once && answers.length > 0
      ? [after, [...all, { type: 'timer', id: 'silence', ms: limits.controlSilence }]]
      : [after, all]
  }

  /** A slot whose answer is known at once. */
  const answered = (state: MagicTunnelState, verb: Order['verb'], answer: Answer): MagicTunnelState => ({
    ...state,
    next: state.next + 1,
    slots: [...state.slots, { corr: String(state.next), verb, service: null, done: null, answer }],
  })

  /** The last that is taken of this connection. */
  const refuse = (state: MagicTunnelState, message: string, because: string = message): Step => [
    { ...answered(state, 'help', refused(message)), closing: because, deaf: true },
    [],
  ]

  function ask(state: MagicTunnelState, verb: Order['verb'], service: string | null, { command, input }: Call): Step {
    const corr = String(state.next)
    const slot: Slot = { corr, verb, service, done: null, answer: null }
    return [{ ...state, next: state.next + 1, slots: [...state.slots, slot] }, [{ type: 'invoke', corr, command, input }]]
  }

  function carryOut(state: MagicTunnelState, order: Exclude<Order, { verb: 'authenticate' }>): Step {
    const { verb } = order
    if (verb === 'help') {
      return [answered(state, verb, { success: true, message: `Commands: ${usage.join(', ')}`, data: { commands: usage } }), []]
    }
    // Whoever may see how things stand may see the mode.
    if (!isAllowed(verb === 'mode' ? 'status' : verb)) {
      const rule = 'security.allowed_commands'
      const because = `the command "${verb}" is not among ${rule}`
      return [answered(state, verb, refused(because)), [{ type: 'refused', command: verb, rule, because }]]
    }
    switch (verb) {
      case 'status':
        return ask(state, verb, order.service ?? defaultService(), call(order))
      case 'executecommand':
      case 'reloadconfig':
      case 'mode':
      case 'switchmode':
      case 'shutdown':
        return ask(state, verb, null, call(order))
      case 'health':
      case 'start':
      case 'stop':
      case 'restart':
      case 'customrestart': {
        const service = verb === 'customrestart' ? defaultService() : (order.service ?? defaultService())
        if (service !== null) return ask(state, verb, service, callAbout(order, service))
        if (verb === 'health') {
          return [answered(state, verb, { success: true, message: 'Unhealthy', data: { healthy: false } }), []]
        }
        const failed = verb === 'customrestart' ? 'Custom restart sequence failed' : `Failed to ${verb} ${shown(null)}`
        return [answered(state, verb, refused(`${failed}: there is no service`)), []]
      }
    }
  }

  function prove(state: MagicTunnelState, token: string): Step {
    if (state.authenticated) {
      return [answered(state, 'authenticate', { success: true, message: 'No token is needed here', data: null }), []]
    }
    const corr = String(state.next)
    const slot: Slot = { corr, verb: 'authenticate', service: null, done: null, answer: null }
    return [
      { ...state, next: state.next + 1, proving: corr, slots: [...state.slots, slot] },
      [{ type: 'authenticate', corr, token }],
    ]
  }

  function take(state: MagicTunnelState, line: string): Step {
    if (state.deaf) return [state, []]
    if (state.proving !== null) return [{ ...state, held: [...state.held, line] }, []]
    const strange = foreign(line)
    if (strange !== null) return refuse(state, strange)
    const understood = understand(line)
    const { json } = understood
    if ('refusal' in understood) {
      const heard = counted(state, json)
      // Who sends broken JSON sends more of it; whoever types may try again.
      return json || !state.authenticated
        ? refuse(heard, understood.refusal)
        : [answered(heard, 'help', refused(understood.refusal)), []]
    }
    const { order } = understood
    if (order.verb === 'authenticate') return prove(state, order.token)
    if (!state.authenticated && order.verb !== 'help') {
      return refuse(state, 'authentication required: send auth <token>, or {"Authenticate":{"token":"…"}}, first')
    }
    return carryOut(counted(state, json), order)
  }

  const counted = (state: MagicTunnelState, json: boolean): MagicTunnelState => ({
    ...state,
    lines: state.lines === 0 ? 1 : 2,
    once: !json && (state.lines === 0 || state.once) && state.early,
    closing: json ? (state.closing ?? 'it was answered') : state.closing,
  })

  function replied(state: MagicTunnelState, corr: string, reply: Reply): Step {
    const index = state.slots.findIndex((slot) => slot.corr === corr && slot.answer === null)
    const slot = state.slots[index]
    if (slot === undefined) return [state, []]
    const { verb, done } = slot
    const service = slot.service ?? (verb === 'reloadconfig' ? defaultService() : null)
    const found = done === null ? conclude(verb, service, reply) : withStatus(done, service, reply)
    if ('done' in found && service !== null) {
      const next = String(state.next)
      const slots = state.slots.with(index, { ...slot, corr: next, service, done: found.done })
      return [{ ...state, next: state.next + 1, slots }, [{ type: 'invoke', corr: next, ...statusOf(service) }]]
    }
    const answer = 'done' in found ? { success: true, message: found.done, data: null } : found
    const after = { ...state, slots: state.slots.with(index, { ...slot, answer }) }
    return verb === 'authenticate' ? proved(after, reply.ok) : [after, []]
  }

  /** What waited for the token has its turn. */
  function proved(state: MagicTunnelState, ok: boolean): Step {
    const after = { ...state, proving: null, held: [] }
    if (!ok) return [{ ...after, deaf: true, closing: 'its token is not valid' }, []]
    let step: Step = [{ ...after, authenticated: true }, []]
    for (const line of state.held) {
      const [next, effects] = take(step[0], line)
      step = [next, [...step[1], ...effects]]
    }
    return step
  }

  function timer(state: MagicTunnelState, id: string): Step {
    const waits = state.slots.length > 0 || state.proving !== null
    switch (id) {
      case 'early':
        return [{ ...state, early: false }, []]
      case 'silence':
        return waits || !state.once ? [state, []] : [{ ...state, closing: 'it asked all at once and was answered' }, []]
      case 'idle':
        if (waits) return [state, [stayIdle]]
        return [{ ...state, closing: `nothing was said for ${formatDuration(limits.controlIdleTime)}` }, []]
      default:
        return [state, []]
    }
  }

  function hear(state: MagicTunnelState, heard: Heard): Step {
    switch (heard.type) {
      case 'opened':
        return [
          { ...state, authenticated: heard.authenticated, early: true },
          [{ type: 'timer', id: 'early', ms: limits.controlEarly }, stayIdle],
        ]
      case 'message': {
        const [next, effects] = take(state, heard.text)
        return [next, next.closing === null ? [...effects, stayIdle] : effects]
      }
      case 'malformed':
        return refuse(state, `Invalid command format: ${heard.because}`, heard.because)
      case 'replied':
        return replied(state, heard.corr, heard.reply)
      case 'timer':
        return timer(state, heard.id)
      case 'ended':
        return [{ ...state, closing: state.closing ?? 'closed by the other side', once: false }, []]
      case 'item':
      case 'streamEnded':
        return [state, []]
    }
  }

  return {
    name: 'magictunnel',
    codec: telnetLines,
    initial,
    fold(state, heard) {
      if (state.closed) return [state, []]
      const [next, effects] = hear(state, heard)
      return next === state ? [state, effects] : settle(next, effects)
    },
    // While a token is being proved, nothing more is taken.
    pending: ({ slots, held, proving }) => (proving === null ? slots.length + held.length : limits.pendingRequests),
  }
}
