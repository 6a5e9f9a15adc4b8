import { HyphaeError, messageOf } from '../protocol/errors.ts'
import { nobody, reach } from './http.ts'
import type { Address } from './network.ts'
import type { Channel, ChannelEvents, Dial } from './wire.ts'

/** A WebSocket, as browsers and Node have it: a message is a text, and nothing holds the other side back. */

/** A browser can send no header with it, so the token travels as a subprotocol. */
const bearer = (token: string): string => {
  const bytes = String.fromCharCode(...new TextEncoder().encode(token))
  return `hyphae.bearer.${btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

const openState = 1

const closed = { normal: 1000, tooSlow: 1013 } as const

/** Why it was closed, by its code (RFC 6455). */
function lossOf({ at }: Address, code: number, reason: string): HyphaeError {
  const why = reason === '' ? '' : `: ${reason}`
  if (code === closed.tooSlow)
    return new HyphaeError('overloaded', `${at} was read too slowly and closed the connection${why}`, { url: at, close: code })
  const because = reason === '' ? (code === 1001 ? 'the orchestrator ends' : `it was closed (${code})`) : reason
  return new HyphaeError('unavailable', `the connection to ${at} was lost: ${because}`, { url: at, close: code })
}

export const dialWebSocket =
  (address: Address): Dial =>
  (events, timeout) =>
    new Promise((resolve, reject) => {
      const { ws, token, reach: way } = address
      const socket = way.open(ws, ['hyphae.rpc', ...(token === undefined ? [] : [bearer(token)])])
      let decided = false
      const decide = (act: () => void): void => {
        if (decided) return
        decided = true
        clearTimeout(timer)
        act()
      }
      // No WebSocket ever tells why it was refused: HTTP does.
      const refused = (): void => decide(() => void whyNot(address, timeout).then(reject))
      const timer = setTimeout(
        () =>
          decide(() => {
            socket.close()
            reject(nobody(address, 'it does not accept the connection'))
          }),
        timeout,
      )
      socket.addEventListener('open', () => decide(() => resolve(channelOf(socket, address, events))))
      socket.addEventListener('error', refused)
      socket.addEventListener('close', refused)
    })

async function whyNot(address: Address, timeout: number): Promise<HyphaeError> {
  try {
    await reach(address, timeout)
  } catch (error) {
    return error instanceof HyphaeError ? error : new HyphaeError('internal', messageOf(error))
  }
  return new HyphaeError(
    'unavailable',
    `${address.at} answers to HTTP but takes no WebSocket; does a proxy before it let them through?`,
    {
      url: address.at,
    },
  )
}

function channelOf(socket: WebSocket, address: Address, events: ChannelEvents): Channel {
  socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (typeof data === 'string') events.message(data)
    else
      events.lost(new HyphaeError('parse_error', `cannot understand what ${address.at} answers: bytes where text was expected`))
  })
  socket.addEventListener('close', ({ code, reason }) => events.lost(lossOf(address, code, reason)))
  return {
    send(text) {
      // That it is closed is told by its own event; the browser would complain of what is sent until then.
      if (socket.readyState === openState) socket.send(text)
    },
    close: () => socket.close(closed.normal),
  }
}
