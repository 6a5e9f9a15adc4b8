import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { nearest } from '../../../src/protocol/nearest.ts'
import { keepToken, redeem, tokenOf } from './access.ts'
import type { Link, Shown } from './inspector.ts'
import { hashOf, routeOf } from './route.ts'
import type { Session } from './session.ts'

/** Who is looked at, as the address bar says it. An address stays where another run gives it to another actor. */

export interface NavigationParts {
  readonly shown: ReadonlySignal<Shown>
  readonly known: ReadonlySignal<boolean>
  readonly link: Signal<Link>
  readonly session: Session
  find(address: string): ActorRow | undefined
  rowOf(id: string): ActorRow | undefined
  /** Tells what went wrong. */
  say(text: string): void
}

export function createNavigation({ shown, known, link, session, find, rowOf, say }: NavigationParts) {
  const selected = signal<string | null>(null)
  /** The name in the address bar: an address, or an id. */
  const wanted = signal<string | null>(null)

  /** Looks for whom the address bar names. */
  function follow(): void {
    const name = wanted.peek()
    const { actors } = shown.peek()
    selected.value = name === null ? null : (actors.get(name)?.id ?? find(name)?.id ?? null)
  }
  function go(name: string | null): void {
    wanted.value = name
    follow()
  }
  async function arrive(): Promise<void> {
    const route = routeOf(location.hash)
    if (route.at !== 'login') return go(route.at === 'actor' ? route.name : null)
    // The ticket goes out of the address bar before anything else.
    history.replaceState(null, '', hashOf(route.name))
    go(route.name)
    try {
      keepToken(await redeem(route.ticket))
      session.start()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      // Whoever is in stays in: nobody is thrown out by a link that somebody gave him.
      if (tokenOf() !== undefined || link.peek().state === 'live') {
        say(why)
        if (link.peek().state !== 'live') session.start()
        return
      }
      session.stop()
      link.value = { state: 'login', why }
    }
  }

  const missing = computed(() => {
    const name = wanted.value
    if (name === null || selected.value !== null || !known.value) return null
    const addresses = Array.from(shown.value.actors.values(), ({ address, id }) => address ?? id)
    return { name, near: nearest(name, addresses) ?? null }
  })

  /** The nearest there is with an address, from an actor upwards. */
  function addressAt(actor: string): string | null {
    for (let id: string | undefined = actor; id !== undefined; id = rowOf(id)?.parent) {
      const address = rowOf(id)?.address
      if (address !== undefined) return address
    }
    return null
  }

  return {
    selected,
    missing,
    follow,
    /** In another run the same number is somebody else's: who is looked at is named by the address from here on. */
    leaveRun(): void {
      const id = selected.peek()
      if (id === null || wanted.peek() !== id) return
      wanted.value = addressAt(id)
      history.replaceState(null, '', hashOf(wanted.peek()))
    },
    /** Is there a name, and nobody yet who has it? */
    isLost: (): boolean => wanted.peek() !== null && selected.peek() === null,
    start(): void {
      addEventListener('hashchange', () => void arrive())
      const { at } = routeOf(location.hash)
      void arrive()
      // Whoever comes with a ticket connects once it has been taken.
      if (at !== 'login') session.start()
    },
    select(actor: string | null): void {
      const row = actor === null ? undefined : rowOf(actor)
      const isNewest = row?.address !== undefined && find(row.address)?.id === actor
      const name = actor === null ? null : isNewest ? (row?.address ?? actor) : actor
      if (wanted.peek() !== name) history.pushState(null, '', hashOf(name))
      wanted.value = name
      selected.value = actor
    },
  }
}
