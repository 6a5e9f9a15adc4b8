import { afterEach, describe, expect, test } from 'vitest'
import type { CloseReason, Link, LinkEvent, Listener, ListenerEvent, Transport } from '../../src/protocol/link.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'

/** What every transport must do. A transport's own test file is one call of this. */
export interface ComplianceSetup {
  readonly transport: Transport
  /** Where to listen; each call gives a place of its own. */
  address(): string
  /** A place where nobody listens. */
  readonly nowhere: string
  /** False: its links have no half that could end alone. */
  readonly halves?: boolean
}

interface Heard {
  readonly events: LinkEvent[]
  readonly text: () => string
  readonly closed: () => CloseReason | undefined
}

function ear(): Heard & { readonly emit: (event: LinkEvent) => void } {
  const events: LinkEvent[] = []
  return {
    events,
    emit: (event) => events.push(event),
    text: () => Buffer.concat(events.flatMap((event) => (event.type === 'link.data' ? [event.chunk] : []))).toString('utf8'),
    closed: () => events.find((event) => event.type === 'link.closed')?.reason,
  }
}

/** The first event of a type that a listener says. */
const heard = <T extends ListenerEvent['type']>(events: readonly ListenerEvent[], type: T) =>
  eventually(() => {
    const found = events.find((event) => event.type === type)
    expect(found).toBeDefined()
    return found as Extract<ListenerEvent, { type: T }>
  })

export function complies(name: string, setUp: () => ComplianceSetup): void {
  describe(`${name} is a transport`, () => {
    const open: Listener[] = []
    const links: Link[] = []
    afterEach(() => {
      for (const link of links.splice(0)) link.destroy('the test is over')
      for (const listener of open.splice(0)) listener.close()
    })

    async function listen({ transport, address }: ComplianceSetup) {
      const events: ListenerEvent[] = []
      const listener = transport.listen(address(), (event) => events.push(event))
      open.push(listener)
      const bound = await heard(events, 'listener.bound')
      const scheme = `${transport.scheme}:`
      return { listener, events, place: bound.address.startsWith(scheme) ? bound.address : `${scheme}${bound.address}` }
    }
    async function meet(setup: ComplianceSetup) {
      const server = await listen(setup)
      const dialer = ear()
      const mine = setup.transport.dial(server.place, dialer.emit)
      links.push(mine)
      const accepted = await heard(server.events, 'listener.accepted')
      const owner = ear()
      const theirs = server.listener.claim(accepted.link, owner.emit)
      if (theirs === undefined) throw new Error('the link could not be claimed')
      links.push(theirs)
      theirs.resume()
      return { ...server, mine, theirs, dialer, owner, accepted }
    }

    test('both sides are told that it is open, and bytes arrive in order and unaltered', async () => {
      const { mine, theirs, dialer, owner } = await meet(setUp())
      await eventually(() => expect(dialer.events[0]).toEqual({ type: 'link.opened' }))
      for (let i = 0; i < 100; i++) mine.send(`${i},`)
      theirs.send('é€😀')
      await eventually(() => expect(owner.text()).toBe(`${Array.from({ length: 100 }, (_, i) => i).join(',')},`))
      await eventually(() => expect(dialer.text()).toBe('é€😀'))
    })

    test('a chunk stays what it was when more comes (no views of memory that is used again)', async () => {
      const { mine, owner } = await meet(setUp())
      for (let i = 0; i < 50; i++) mine.send(new Uint8Array(1_000).fill(i))
      await eventually(() => expect(owner.text().length).toBe(50_000))
      const bytes = Buffer.concat(owner.events.flatMap((event) => (event.type === 'link.data' ? [event.chunk] : [])))
      for (let i = 0; i < 50; i++) expect(bytes[i * 1_000]).toBe(i)
    })

    test('nothing is read before a link is claimed, and nothing is lost', async () => {
      const setup = setUp()
      const server = await listen(setup)
      const mine = setup.transport.dial(server.place, ear().emit)
      links.push(mine)
      mine.send('early')
      const accepted = await heard(server.events, 'listener.accepted')
      const owner = ear()
      const theirs = server.listener.claim(accepted.link, owner.emit)
      if (theirs === undefined) throw new Error('the link could not be claimed')
      links.push(theirs)
      theirs.resume()
      await eventually(() => expect(owner.text()).toBe('early'))
      expect(server.listener.claim(accepted.link, owner.emit)).toBeUndefined()
    })

    test('a paused end pushes back on its sender, who hears when there is room again', async () => {
      const { mine, theirs, dialer, owner } = await meet(setUp())
      theirs.pause()
      const chunk = new Uint8Array(64 * 1024)
      let sent = 0
      while (mine.send(chunk) && sent < 1_000) sent++
      expect(sent).toBeLessThan(1_000)
      expect(mine.queued).toBeGreaterThan(0)
      expect(owner.text().length).toBeLessThan((sent + 1) * chunk.length)
      theirs.resume()
      await eventually(() => expect(dialer.events).toContainEqual({ type: 'link.drained' }))
      await eventually(() => expect(owner.text().length).toBe((sent + 1) * chunk.length))
    })

    test('an end that has said its last word still hears the other', async (context) => {
      context.skip(setUp().halves === false, 'it has no halves')
      const { mine, theirs, dialer, owner } = await meet(setUp())
      mine.send('question')
      mine.end()
      await eventually(() => expect(owner.events.some(({ type }) => type === 'link.ended')).toBe(true))
      expect(owner.text()).toBe('question')
      theirs.send('answer')
      theirs.close('answered')
      await eventually(() => expect(dialer.text()).toBe('answer'))
      await eventually(() => expect(dialer.closed()).toBeDefined())
      expect(mine.send('late')).toBe(false)
    })

    test('close sends what is queued, then each side hears the end exactly once', async () => {
      const { mine, dialer, owner } = await meet(setUp())
      const text = 'x'.repeat(300_000)
      mine.send(text)
      mine.close('done')
      await eventually(() => expect(owner.text().length).toBe(text.length))
      await eventually(() => expect(owner.events.some(({ type }) => ['link.ended', 'link.closed'].includes(type))).toBe(true))
      links[1]?.close('seen')
      await eventually(() => expect(dialer.closed()).toEqual({ kind: 'local', because: 'done' }))
      await eventually(() => expect(owner.closed()).toBeDefined())
      for (const { events } of [dialer, owner]) expect(events.filter(({ type }) => type === 'link.closed')).toHaveLength(1)
      expect(dialer.events.at(-1)?.type).toBe('link.closed')
    })

    test('an end without our doing is the other side’s', async () => {
      const { mine, theirs, owner, dialer } = await meet(setUp())
      theirs.destroy('enough')
      await eventually(() => expect(dialer.closed()?.kind).toMatch(/remote|failed/))
      await eventually(() => expect(owner.closed()).toEqual({ kind: 'local', because: 'enough' }))
      expect(mine.send('late')).toBe(false)
    })

    test('dialling where nobody listens ends as refused', async () => {
      const { transport, nowhere } = setUp()
      const dialer = ear()
      links.push(transport.dial(nowhere, dialer.emit))
      await eventually(() => expect(dialer.closed()?.kind).toMatch(/refused|failed/))
      expect(dialer.events).toHaveLength(1)
    })

    test('a place can be listened on once, and again after it was closed', async () => {
      const setup = setUp()
      const first = await listen(setup)
      const events: ListenerEvent[] = []
      open.push(setup.transport.listen(first.place, (event) => events.push(event)))
      await eventually(() => expect(events).toMatchObject([{ type: 'listener.closed', reason: { kind: 'failed' } }]))
      first.listener.close()
      await eventually(() => expect(first.events.at(-1)).toMatchObject({ type: 'listener.closed', reason: { kind: 'local' } }))
      const again: ListenerEvent[] = []
      open.push(setup.transport.listen(first.place, (event) => again.push(event)))
      await eventually(() => expect(again).toMatchObject([{ type: 'listener.bound' }]))
    })

    test('links that nobody claims are bounded in number', async () => {
      const setup = setUp()
      const server = await listen(setup)
      const dialers = Array.from({ length: limits.unclaimedLinks + 10 }, () => {
        const dialer = ear()
        links.push(setup.transport.dial(server.place, dialer.emit))
        return dialer
      })
      await eventually(() => expect(dialers.filter((dialer) => dialer.closed() !== undefined)).toHaveLength(10))
      expect(server.events.filter(({ type }) => type === 'listener.accepted')).toHaveLength(limits.unclaimedLinks)
    })
  })
}
