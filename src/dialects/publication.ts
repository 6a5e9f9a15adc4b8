import { whole } from '../protocol/codec.ts'
import type { Dialect, Effect, Heard } from '../protocol/dialect.ts'
import { messageOf } from '../protocol/errors.ts'
import type { Chart, InspectedContexts, InspectionItem } from '../protocol/inspection.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import { closedByOther } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import type { Reply } from '../protocol/reply.ts'
import { call, draftOf, initial, stepOf, watch, type Draft, type PublicationState } from './publication/state.ts'
import { askContexts, take } from './publication/taking.ts'
import { again, drain } from './publication/telling.ts'
import type { Tongue, Wish } from './publication/tongue.ts'

/**
 * Every actor, told in the words of somebody else's inspector: the present first, then what happens. It watches as anybody may
 * watch, with `inspection.watch`, so it tells nothing that a viewer could not see.
 *
 * Whoever comes late is told everything that is there. Nothing of an actor is told before the actor itself, and the order stays
 * that of the records. Who reads too slowly is told a new present instead. What comes back are public events, sent by
 * `actor.send`, which judges them.
 */

type Step = readonly [PublicationState, readonly Effect[]]

/** Events of XState itself, of either version: nobody may forge them. */
const isInternal = (type: string): boolean => /^(?:@?xstate\.|done\.|error\.)/.test(type)

const failed = (code: 'not_found' | 'not_accepted' | 'forbidden', message: string): Reply => ({
  ok: false,
  error: { code, message, data: {} },
})

function send(draft: Draft, tongue: Tongue, wish: Extract<Wish, { type: 'send' }>): void {
  const answer = (reply: Reply): unknown => draft.effects.push({ type: 'write', text: tongue.answer(wish, reply) })
  const { to, event } = wish
  if (isInternal(event.type)) {
    const because = `"${event.type.slice(0, limits.quotedText)}" is an event of XState itself; only public ones can be sent`
    draft.effects.push({ type: 'refused', command: 'actor.send', rule: 'internal_event', because })
    return void answer(failed('forbidden', because))
  }
  const known = draft.actors.get(to)
  if (known === undefined) return void answer(failed('not_found', `there is no actor "${to.slice(0, limits.quotedText)}"`))
  const { address } = known.row
  if (address === undefined) return void answer(failed('not_accepted', 'a part of another actor takes no events from outside'))
  call(draft, 'actor.send', { to: address, event }, { type: 'send', wish })
}

function refuse(draft: Draft, tongue: Tongue, because: string): void {
  draft.bad++
  draft.effects.push({ type: 'write', text: tongue.remark({ type: 'hyphae.error', because }) })
  if (draft.bad < limits.publishedMistakes) return
  draft.ended = true
  draft.effects.push({ type: 'close', because: `too many messages that cannot be read; the last one: ${because}` })
}

function wishOf(tongue: Tongue, text: string): Wish {
  let message: unknown
  try {
    message = parseJson(text)
  } catch (error) {
    return { type: 'bad', because: messageOf(error) }
  }
  if (!isRecord(message) || typeof message['type'] !== 'string')
    return { type: 'bad', because: 'expected a JSON object with a type' }
  return tongue.heard(message)
}

function hear(draft: Draft, tongue: Tongue, text: string): void {
  const wish = wishOf(tongue, text)
  switch (wish.type) {
    case 'present':
      if (draft.watch === null) watch(draft)
      else again(draft)
      return
    case 'send':
      return send(draft, tongue, wish)
    case 'bad':
      return refuse(draft, tongue, wish.because)
    case 'nothing':
  }
}

function takeContexts(draft: Draft, ids: readonly string[], reply: Reply): void {
  const { seq, contexts } = reply.ok ? (reply.output as InspectedContexts) : { seq: 0, contexts: [] }
  const found = new Map(contexts.map(({ id, context }) => [id, context]))
  for (const id of ids) {
    const known = draft.actors.get(id)
    // Of one that has gone meanwhile nothing is known any more.
    if (known !== undefined) draft.actors.set(id, { ...known, context: found.get(id) ?? {}, contextAt: seq })
  }
}

function takeReply(draft: Draft, tongue: Tongue, corr: string, reply: Reply): void {
  const about = draft.calls.get(corr)
  draft.calls.delete(corr)
  switch (about?.type) {
    case 'watch':
      if (!reply.ok && draft.watch === corr) draft.effects.push({ type: 'close', because: reply.error.message })
      return
    case 'chart': {
      const chart = reply.ok ? (reply.output as Chart) : null
      return void draft.charts.set(about.hash, chart === null ? null : { chart, machine: tongue.machine(chart) })
    }
    case 'contexts':
      return takeContexts(draft, about.ids, reply)
    case 'send':
      return void draft.effects.push({ type: 'write', text: tongue.answer(about.wish, reply) })
    case undefined:
  }
}

const sends = ({ calls }: Pick<PublicationState, 'calls'>): number => {
  let count = 0
  for (const { type } of calls.values()) if (type === 'send') count++
  return count
}

function apply(draft: Draft, tongue: Tongue, heard: Heard): void {
  switch (heard.type) {
    case 'opened':
      if (!heard.authenticated) return void draft.effects.push({ type: 'close', because: 'it has not been proved who this is' })
      if (tongue.unasked) watch(draft)
      return
    case 'message':
      return hear(draft, tongue, heard.text)
    case 'malformed':
      draft.ended = true
      draft.effects.push({ type: 'write', text: tongue.remark({ type: 'hyphae.error', because: heard.because }) })
      return void draft.effects.push({ type: 'close', because: heard.because })
    case 'replied':
      return takeReply(draft, tongue, heard.corr, heard.reply)
    case 'item':
      return take(draft, tongue, heard.item as InspectionItem)
    case 'streamEnded':
      draft.ended = true
      return void draft.effects.push({ type: 'close', because: heard.because })
    case 'timer':
      draft.resting = false
      return
    case 'ended':
      draft.ended = true
  }
}

/** Says nothing to this: an answer or an item of something that is over. */
const isOver = (state: PublicationState, heard: Heard): boolean => {
  if (heard.type === 'replied') return !state.calls.has(heard.corr)
  if (heard.type === 'item' || heard.type === 'streamEnded') return heard.corr !== state.watch || state.ended
  return false
}

export function publication(tongue: Tongue): Dialect<PublicationState> {
  function fold(state: PublicationState, heard: Heard): Step {
    if (isOver(state, heard)) return [state, []]
    const draft = draftOf(state)
    apply(draft, tongue, heard)
    if (!draft.ended) {
      askContexts(draft)
      drain(draft, tongue)
    } else if ((heard.type === 'ended' || heard.type === 'replied') && sends(draft) === 0) {
      // What was asked is answered, then it closes.
      draft.effects.push({ type: 'close', because: closedByOther })
    }
    return stepOf(draft)
  }
  return { name: tongue.name, codec: whole, initial, fold, pending: sends }
}
