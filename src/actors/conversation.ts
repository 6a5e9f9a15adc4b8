import { awaitRest } from './await-rest.ts'
import { Inbox } from './inbox.ts'
import { namedTimers } from './named-timers.ts'
import { fromCallback, type CallbackLogicFunction } from 'xstate'
import type { Gateway, Sink, Subscription } from '../protocol/calls.ts'
import { whole } from '../protocol/codec.ts'
import type { ConversationCommand, ConversationFact, ConversationInput } from '../protocol/conversation.ts'
import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { formatDuration } from '../protocol/duration.ts'
import { HyphaeError, messageOf } from '../protocol/errors.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Emit, Link, LinkEvent } from '../protocol/link.ts'
import { describeClose, orchestratorEnds } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import { refusalBy, unauthenticated, wrongToken, type Proof, type Rejection } from '../protocol/proof.ts'

/** Owns one accepted link: cuts its bytes into messages, folds the dialect over them and carries out what it wants. */

export interface ConversationParts {
  readonly gateway: Gateway
  claim(listener: string, link: string, emit: Emit<LinkEvent>): Link | undefined
  dialect(name: string): Dialect | undefined
  /** Whom this token proves to be at the other end of a link of that listener. */
  authenticate(listener: string, token: string, peer: string, connection: string): Proof
  readonly log?: { warn(fields: object, message: string): void }
  /** How long a reader may take nothing while much is waiting for it, ms. */
  readonly stallTime?: number | undefined
}

/** A reader that takes nothing keeps at most this much of ours; then it is cut off. */
const { outboundBytes } = limits
/** Beyond this much unsent streams hold back; the rest is room for answers. */
const streamHighWater = 256 * 1024

export function createConversation(parts: ConversationParts) {
  const { gateway, claim, dialect: dialectOf, authenticate, log, stallTime = limits.stallTime } = parts
  const run: CallbackLogicFunction<ConversationCommand, ConversationFact, ConversationInput> = ({ input, sendBack, receive }) => {
    const dialect = dialectOf(input.dialect)
    if (dialect === undefined) throw new Error(`there is no dialect "${input.dialect}"`)
    let { principal } = input
    const subscriptions = new Map<string, Subscription>()
    const timers = namedTimers()
    let state = dialect.initial
    let closed = false
    let deaf = false
    let paused = false
    let pumping = false
    /** The other side will send nothing more. */
    let lastWord = false
    const inbox = new Inbox()
    /** Messages taken in this turn of the event loop. */
    let taken = 0
    let nextTurn: NodeJS.Immediate | undefined
    let waiting: Array<() => void> = []
    const rest = awaitRest((because) => {
      deaf = true
      hear({ type: 'malformed', code: 'timeout', because })
    })
    let leaving = false
    let cut = false
    let stalled: NodeJS.Timeout | undefined
    /** What waited for the other side when it was last looked at. */
    let unread = 0

    const link = claim(input.listener, input.link, (event) => {
      switch (event.type) {
        case 'link.data':
          return read(() => codec.push(event.chunk))
        case 'link.ended':
          lastWord = true
          return read(() => codec.end())
        case 'link.drained':
          return breathe()
        case 'link.closed':
          return end(describeClose(event.reason))
        case 'link.opened':
          return
      }
    })
    if (link === undefined) return sendBack({ type: 'conversation.closed', because: 'it went before it was claimed' })
    const wire = link
    const codec = wire.framed === true ? whole() : dialect.codec()

    function read(cut: () => string[]): void {
      if (deaf) return
      let messages: string[]
      try {
        messages = cut()
      } catch (error) {
        rest.stop()
        deaf = true
        hear({ type: 'malformed', code: error instanceof HyphaeError ? error.code : 'parse_error', because: messageOf(error) })
        return
      }
      rest.look(codec.partial(), messages.length > 0)
      inbox.add(messages)
      pump()
    }

    const mayTakeMore = (): boolean =>
      !closed && taken < limits.turnMessages && dialect.pending(state) < limits.pendingRequests && wire.queued < streamHighWater

    /** Takes as many messages as may be under way, and as one turn has time for; the rest waits, and so does whoever sends more. */
    function pump(): void {
      if (pumping || dialect === undefined) return
      pumping = true
      while (inbox.size > 0 && mayTakeMore()) {
        taken++
        hear({ type: 'message', text: inbox.take() ?? '' })
      }
      pumping = false
      if (inbox.size > 0 && taken >= limits.turnMessages) nextTurn ??= setImmediate(takeTurn)
      if (inbox.size === 0 && lastWord && !closed) {
        lastWord = false
        hear({ type: 'ended' })
      }
      throttle()
    }

    function takeTurn(): void {
      nextTurn = undefined
      taken = 0
      pump()
    }

    function hear(heard: Heard): void {
      if (closed || dialect === undefined) return
      const [next, effects] = dialect.fold(state, heard)
      state = next
      for (const effect of effects) carryOut(effect)
      watchReader()
      pump()
    }

    function carryOut(effect: Effect): void {
      switch (effect.type) {
        case 'write':
          // Judged by what was waiting before: one long answer is no sign of a slow reader.
          if (!closed && wire.queued <= outboundBytes) wire.send(codec.encode(effect.text))
          else if (!closed) cutOff(`more than ${outboundBytes} bytes were waiting for it`)
          return
        case 'close':
          leave(effect.because)
          return
        case 'invoke':
          void invoke(effect)
          return
        case 'subscribe':
          subscribe(effect)
          return
        case 'unsubscribe':
          subscriptions.get(effect.corr)?.cancel()
          subscriptions.delete(effect.corr)
          return
        case 'refused':
          return gateway.refused?.(principal, effect.command, refusalBy(effect))
        case 'authenticate': {
          const proof = authenticate(input.listener, effect.token, input.peer, input.id)
          if ('rejected' in proof) return turnAway(effect.corr, proof.rejected)
          principal = proof.principal
          wire.proved?.()
          sendBack({ type: 'conversation.authenticated', principal })
          const { name, role } = principal
          return hear({ type: 'replied', corr: effect.corr, reply: { ok: true, output: { name, role } } })
        }
        case 'timer':
          return timers.start(effect.id, effect.ms, () => hear({ type: 'timer', id: effect.id }))
        case 'room':
          void Promise.resolve(room()).then(() => setImmediate(() => hear({ type: 'timer', id: effect.id })))
      }
    }

    const room = (): Promise<void> | undefined =>
      closed || wire.queued < streamHighWater ? undefined : new Promise((resolve) => waiting.push(resolve))

    /** Not before it is time to: whoever guesses, guesses slowly. */
    function turnAway(corr: string, rejected: Rejection): void {
      timers.start(`held ${corr}`, rejected.hold, () => hear({ type: 'replied', corr, reply: wrongToken(rejected) }))
    }

    function leave(because: string): void {
      deaf = true
      leaving = true
      wire.close(because)
    }

    function cutOff(because: string): void {
      if (cut) return
      cut = true
      const about = addressOf('connection', input.id)
      log?.warn(
        { about, peer: input.peer, principal: principal?.name, queued: wire.queued },
        `a client reads too slowly: ${because}`,
      )
      wire.destroy(`it reads too slowly: ${because}`)
    }

    /** One that takes nothing of what waits for it must not keep it for ever; of a last answer not even a little. */
    function watchReader(): void {
      // The local user may page through a log (`logs -f | less`) as slowly as he likes: it costs what streams hold back at.
      if (input.peer === 'unix' && !leaving) return
      const much = (): boolean => !closed && !cut && wire.queued >= (leaving ? 1 : streamHighWater)
      if (stalled !== undefined || !much()) return
      unread = wire.queued
      const look = (): void => {
        stalled = undefined
        if (!much()) return
        if (wire.queued >= unread) return cutOff(`it took nothing for ${formatDuration(stallTime)}`)
        watchReader()
      }
      stalled = setTimeout(look, stallTime)
    }

    async function invoke({ corr, command, input: given }: Extract<Effect, { type: 'invoke' }>): Promise<void> {
      if (principal === null) return hear({ type: 'replied', corr, reply: unauthenticated })
      hear({ type: 'replied', corr, reply: await gateway.invoke(principal, command, given) })
    }

    function subscribe({ corr, command, input: given }: Extract<Effect, { type: 'subscribe' }>): void {
      if (principal === null) return hear({ type: 'replied', corr, reply: unauthenticated })
      let seq = 0
      let answered = false
      const early: Array<() => void> = []
      const tell = (say: () => void): unknown => (answered ? say() : early.push(say))
      const sink: Sink = {
        room,
        item(item) {
          tell(() => hear({ type: 'item', corr, seq: ++seq, item }))
        },
        end(because) {
          tell(() => hear({ type: 'streamEnded', corr, because }))
          subscriptions.delete(corr)
        },
      }
      const opened = gateway.subscribe(principal, command, given, sink)
      if ('error' in opened) return hear({ type: 'replied', corr, reply: { ok: false, error: opened.error } })
      subscriptions.set(corr, opened)
      hear({ type: 'replied', corr, reply: { ok: true, output: null } })
      answered = true
      for (const say of early) say()
    }

    /** Stops reading while too much is unanswered or unsent: the other side's own buffers fill, not ours. */
    function throttle(): void {
      if (closed || dialect === undefined) return
      // Of somebody who is not known yet nothing is kept.
      const full = inbox.size >= (principal === null ? 1 : limits.waitingMessages) || wire.queued > streamHighWater
      if (full === paused) return
      paused = full
      if (full) wire.pause()
      else wire.resume()
    }

    function breathe(): void {
      clearTimeout(stalled)
      stalled = undefined
      watchReader()
      const woken = waiting
      waiting = []
      for (const resolve of woken) resolve()
      pump()
    }

    function release(): void {
      closed = true
      for (const subscription of subscriptions.values()) subscription.cancel()
      subscriptions.clear()
      timers.clear()
      rest.stop()
      clearImmediate(nextTurn)
      breathe()
    }

    function end(because: string): void {
      if (closed) return
      release()
      sendBack({ type: 'conversation.closed', because })
    }

    receive((command) => {
      leave(command.because)
      watchReader()
    })
    if (principal !== null) wire.proved?.()
    hear({ type: 'opened', authenticated: principal !== null })
    wire.resume()
    return () => {
      release()
      wire.destroy(orchestratorEnds)
    }
  }
  return fromCallback(run)
}
