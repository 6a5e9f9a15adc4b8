import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { hostAndPort, joinHost } from '../protocol/endpoint.ts'
import type { Certificate } from '../protocol/control-rules.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import type { Emit, Link, LinkEvent, Listener, ListenerEvent, Transport } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import type { Principal } from '../protocol/principal.ts'
import { bind, peerOf } from './bind.ts'
import { exchangeOf, mayHaveBody } from './http-exchange.ts'
import { always, held, refuse, refuseSocket, type Refusal } from './http-refusal.ts'
import { followCertificate, guardHandshakes, secureOptions, uncertified, type Certificates } from './secure.ts'
import type { Asked, ExchangeKind, Site } from './site.ts'
import { webSocketLink } from './websocket-link.ts'

/** How long an HTTP client may take, ms. */
export interface HttpTimes {
  readonly headers: number
  readonly request: number
  /** How often it is looked whether one takes too long. */
  readonly check: number
  readonly idle: number
  readonly unclaimed: number
  readonly ping: number
  readonly close: number
}

const usual: HttpTimes = {
  headers: limits.httpHeadersTime,
  request: limits.httpRequestTime,
  check: limits.httpCheckInterval,
  idle: limits.httpIdleTime,
  unclaimed: limits.authenticationTime,
  ping: limits.webSocketPing,
  close: limits.closeTime,
}

/** The subprotocol of our WebSockets. */
export const subprotocol = 'hyphae.rpc'

export interface HttpParts {
  /** What is served where a listener was told to listen on this host. */
  site(host: string): Site
  readonly times?: Partial<HttpTimes> | undefined
  /** Connections at once. */
  readonly most?: number
  /** Those of listeners that speak TLS; without them none does. */
  readonly certificates?: Certificates | undefined
}

/** A link that nobody has claimed yet. */
interface Waiting {
  claim(emit: Emit<LinkEvent>): Link | undefined
  refuse(code: ErrorCode, message: string): void
  readonly timer: NodeJS.Timeout
}

const askedOf = ({ rawHeaders, method = '', url = '', socket }: IncomingMessage, upgrade: boolean): Asked => ({
  rawHeaders,
  method,
  target: url,
  peer: peerOf(socket),
  upgrade,
})
const busy: Refusal = { kind: 'refused', status: 503, code: 'overloaded', message: 'too much is under way', headers: {} }

/**
 * HTTP: `http:127.0.0.1:3001`. Each exchange and each WebSocket is a link; it dials WebSockets. With certificates the same with
 * TLS around it: `https:127.0.0.1:3001`.
 */
export function http({ site: siteOf, times: given, most = limits.connections, certificates }: HttpParts): Transport {
  const times: HttpTimes = { ...usual, ...given }
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.lineBytes,
    maxFragments: limits.webSocketFragments,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  })
  return {
    scheme: certificates === undefined ? 'http' : 'https',
    dial(address, emit) {
      const { host, port } = hostAndPort(address)
      const socket = new WebSocket(`${certificates === undefined ? 'ws' : 'wss'}://${joinHost(host, port)}/rpc`, subprotocol, {
        perMessageDeflate: false,
        maxPayload: limits.answerBytes,
      })
      const link = webSocketLink(socket, emit, times)
      socket.once('open', () => emit({ type: 'link.opened' }))
      return link
    },
    listen: (address, emit) => listen(address, emit, { times, most, sockets, siteOf, certificates }),
  }
}

interface Listening {
  readonly times: HttpTimes
  readonly most: number
  readonly sockets: WebSocketServer
  siteOf(host: string): Site
  readonly certificates: Certificates | undefined
}

function listen(address: string, emit: Emit<ListenerEvent>, { times, most, sockets, siteOf, certificates }: Listening): Listener {
  const { host, port } = hostAndPort(address)
  const site = siteOf(host)
  let closing = false
  let count = 0
  const waiting = new Map<string, Waiting>()
  /** Each connection that speaks HTTP, with the number of its requests that have no answer yet. */
  const underWay = new Map<Socket, number>()
  /** Those of whom it is known who they are. */
  const known = new WeakSet<Socket>()
  let webSockets = 0

  /**
   * Who says nothing keeps nobody out: the oldest connection without a request goes first, then the oldest of somebody who has
   * shown no token, who may read an answer as slowly as he likes.
   */
  function makeRoom(): void {
    if (underWay.size + webSockets < most) return
    let gone: Socket | undefined
    for (const [socket, requests] of underWay) {
      if (requests === 0) {
        gone = socket
        break
      }
      if (!known.has(socket)) gone ??= socket
    }
    if (gone === undefined) return
    underWay.delete(gone)
    gone.destroy()
  }

  function accept(peer: string, principal: Principal | null, link: Omit<Waiting, 'timer'>, dialect?: string): string | undefined {
    if (closing || waiting.size >= limits.unclaimedLinks) {
      link.refuse('overloaded', busy.message)
      return undefined
    }
    const id = `h${++count}`
    const timer = setTimeout(() => {
      waiting.delete(id)
      link.refuse('unavailable', 'nobody was there to answer')
    }, times.unclaimed)
    waiting.set(id, { ...link, timer })
    emit({
      type: 'listener.accepted',
      link: id,
      peer,
      ...(dialect === undefined ? {} : { dialect }),
      ...(principal === null ? {} : { principal }),
    })
    return id
  }
  function take(id: string): Waiting | undefined {
    const one = waiting.get(id)
    waiting.delete(id)
    clearTimeout(one?.timer)
    return one
  }

  function serve(request: IncomingMessage, response: ServerResponse, continues: boolean): void {
    const { socket } = request
    const now = (underWay.get(socket) ?? 0) + 1
    underWay.set(socket, now)
    const done = (): void => {
      const left = (underWay.get(socket) ?? 1) - 1
      if (underWay.has(socket)) underWay.set(socket, left)
      if (closing && left === 0) socket.destroySoon()
    }
    // In the next turn: hundreds that come in one chunk and are answered at once would keep all others waiting.
    response.once('close', () => setImmediate(done))
    if (now > limits.httpPipelined) return refuse(response, busy)
    const verdict = site.admit(askedOf(request, false))
    if (verdict.kind === 'refused') return held(verdict, () => refuse(response, verdict))
    if (verdict.kind === 'admitted' && verdict.principal !== null) known.add(socket)
    for (const [name, value] of Object.entries({ ...always, ...verdict.headers })) response.setHeader(name, value)
    // Whoever reads the body to its end takes this back.
    const keepAlive = response.shouldKeepAlive && !closing
    response.shouldKeepAlive = keepAlive && !mayHaveBody(request)
    if (verdict.kind === 'preflight') {
      response.writeHead(204)
      response.end()
      return
    }
    site.answer(request, response, (kind: ExchangeKind) => {
      response.shouldKeepAlive = keepAlive
      const exchange = exchangeOf(request, response, kind, continues)
      const id = accept(peerOf(socket), verdict.principal, exchange, kind.dialect)
      if (id !== undefined) response.once('close', () => take(id))
    })
  }

  function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // The answer to the request before would land within the WebSocket.
    if ((underWay.get(socket) ?? 0) > 0) return void socket.destroy()
    underWay.delete(socket)
    webSockets++
    socket.once('close', () => webSockets--)
    socket.on('error', () => socket.destroy())
    const verdict = site.admit(askedOf(request, true))
    if (verdict.kind === 'preflight') return void socket.destroy()
    if (verdict.kind === 'refused') return held(verdict, () => refuseSocket(socket, verdict))
    if (closing || waiting.size >= limits.unclaimedLinks) return refuseSocket(socket, busy)
    sockets.handleUpgrade(request, socket, head, (one) => {
      one.pause()
      one.on('error', () => {})
      const refused = (_: ErrorCode, message: string): void => {
        one.close(1013, message)
        one.terminate()
      }
      const claim = (owner: Emit<LinkEvent>): Link | undefined => {
        if (one.readyState !== 1) return undefined
        const link = webSocketLink(one, owner, times)
        owner({ type: 'link.opened' })
        return link
      }
      const id = accept(peerOf(socket), verdict.principal, { claim, refuse: refused }, verdict.dialect)
      if (id !== undefined) one.once('close', () => take(id))
    })
  }

  const certificate = certificates?.of(address)
  if (certificates !== undefined && certificate === undefined) return uncertified(address, emit)
  const { server, release } = serverOf(times, certificate === undefined ? undefined : { certificate, certificates, address })
  server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    makeRoom()
    if (underWay.size + webSockets >= most) return void socket.destroy()
    underWay.set(socket, 0)
    socket.once('close', () => underWay.delete(socket))
  })
  server.on('request', (request, response) => serve(request, response, false))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => serve(request, response, true))
  server.on('upgrade', (request, socket, head) => upgrade(request, socket as Socket, head))
  bind(server, { host, port }, emit)

  return {
    claim: (id, owner) => take(id)?.claim(owner),
    close() {
      if (closing) return
      closing = true
      release()
      for (const [id, { refuse: turnAway }] of waiting) {
        take(id)
        turnAway('shutting_down', 'the listener is closed')
      }
      if (server.listening) server.close()
      // Those with a request under way go with their answer.
      for (const [socket, requests] of underWay) if (requests === 0) socket.destroy()
    },
  }
}

interface Secured {
  readonly certificate: Certificate
  readonly certificates: Certificates | undefined
  readonly address: string
}

/** What somebody who speaks HTTP in the clear to a port with TLS hears. */
const speaksTls =
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nthis port speaks HTTPS; ask it with https://\n'

function serverOf(times: HttpTimes, secured: Secured | undefined): { readonly server: Server; release(): void } {
  const options = {
    headersTimeout: times.headers,
    requestTimeout: times.request,
    connectionsCheckingInterval: times.check,
    keepAliveTimeout: times.idle,
    maxHeaderSize: limits.httpHeaderBytes,
    noDelay: true,
    // Whoever has no Host hears it in our words.
    requireHostHeader: false,
    // Not known to every Node: an upgrade to something else is no reason not to answer.
    shouldUpgradeCallback: ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket',
  }
  const secure =
    secured === undefined ? undefined : createSecureServer({ ...options, ...secureOptions(secured.certificate, times.headers) })
  const server: Server = secure ?? createServer(options)
  server.maxHeadersCount = limits.httpHeaders + 1
  if (secure === undefined || secured === undefined) return { server, release() {} }
  const drop = guardHandshakes(secure, (socket) => void socket.end(speaksTls, () => socket.destroy()), times.headers)
  const unfollow = secured.certificates === undefined ? drop : followCertificate(secure, secured.address, secured.certificates)
  return {
    server,
    release() {
      unfollow()
      drop()
    },
  }
}
