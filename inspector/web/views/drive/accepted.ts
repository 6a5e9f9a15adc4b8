import { useEffect, useState } from 'preact/hooks'
import type { Client, Output } from '../../../../src/client/browser.ts'
import type { ActorRow } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { bounds } from '../bounds.ts'
import { type Failure, failureOf } from './failure.ts'

/** Which events an actor takes now, and what each of them is. */

export type PublicEvent = Output<'actor.events'>['events'][number]

export type Accepted =
  | { readonly state: 'loading' }
  | { readonly state: 'known'; readonly events: readonly PublicEvent[] }
  | { readonly state: 'unknown'; readonly failure: Failure }

/** They are the same as long as the orchestrator runs. */
const events = new WeakMap<Client, Promise<readonly PublicEvent[]>>()

function eventsOf(client: Client): Promise<readonly PublicEvent[]> {
  const known = events.get(client)
  if (known !== undefined) return known
  const asked = client.call('actor.events', {}).then(({ events: all }) => all)
  events.set(client, asked)
  asked.catch(() => events.delete(client))
  return asked
}

const first = ['START', 'STOP', 'RESTART']
const rank = ({ type }: PublicEvent): number => (first.includes(type) ? first.indexOf(type) : first.length)

const kindOf = (address: string): string => address.slice(0, Math.max(0, address.indexOf('.')))

/** All that its kind takes, whatever its state. */
export const offeredTo = (address: string, all: readonly PublicEvent[]): readonly PublicEvent[] =>
  all.filter(({ kind }) => kind === kindOf(address)).sort((a, b) => rank(a) - rank(b))

/** Asked again whenever the actor is in another state, and when `turn` is another. */
export function useAccepted(inspector: Inspector, row: ActorRow, turn: number): Accepted {
  const [accepted, setAccepted] = useState<Accepted>({ state: 'loading' })
  const client = inspector.client.value
  const { address, state, since } = row
  useEffect(() => setAccepted({ state: 'loading' }), [address, client])
  useEffect(() => {
    if (client === null || address === undefined) return
    const stop = new AbortController()
    const ask = async (): Promise<void> => {
      try {
        const all = offeredTo(address, await eventsOf(client))
        const taken = all.length === 0 ? [] : (await client.call('actor.get', { address }, { signal: stop.signal })).accepts
        if (!stop.signal.aborted) setAccepted({ state: 'known', events: all.filter(({ type }) => taken.includes(type)) })
      } catch (error) {
        if (!stop.signal.aborted) setAccepted({ state: 'unknown', failure: failureOf(error) })
      }
    }
    const timer = setTimeout(() => void ask(), bounds.acceptsPause)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [client, address, state, since, row.end, turn])
  return accepted
}
