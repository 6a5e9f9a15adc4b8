import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Request } from './json-rpc-server.ts'

/** A WebSocket, as the server sees it; its texts are short, and whole in one frame. */
export interface WebPeer {
  readonly socket: Duplex
  answer(request: Request, result: unknown): void
  item(subscription: string, item: unknown): void
  /** A close frame, then the end. */
  close(code: number, reason?: string): void
  frame(opcode: number, payload: Buffer): void
}

export interface WebServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The same as ws:// */
  readonly ws: string
  readonly requests: Request[]
  readonly headers: IncomingMessage['headers'][]
  readonly peers: Set<WebPeer>
  /** Open HTTP and WebSocket connections. */
  readonly sockets: Set<Socket>
}

interface Says {
  /** Answers a POST: a status and a body; undefined: never. */
  post?(request: Request): { readonly status: number; readonly body: string } | undefined
  /** Hears what a WebSocket says. */
  asked?(request: Request, peer: WebPeer): void
  /** The status that refuses WebSockets. */
  readonly refuse?: number
}

export const resultOf = ({ id }: Request, result: unknown) => ({
  status: 200,
  body: JSON.stringify({ jsonrpc: '2.0', id, result }),
})

/** HTTP and WebSocket on one port, saying what the test wants. */
export async function webServer({ post = (request) => resultOf(request, {}), asked, refuse }: Says): Promise<WebServer> {
  const requests: Request[] = []
  const headers: IncomingMessage['headers'][] = []
  const peers = new Set<WebPeer>()
  const sockets = new Set<Socket>()
  const server = createServer((incoming, response) => {
    let text = ''
    incoming.setEncoding('utf8').on('data', (part: string) => (text += part))
    incoming.on('end', () => {
      headers.push(incoming.headers)
      if (incoming.method !== 'POST' || incoming.url !== '/rpc') {
        response.writeHead(404).end()
        return
      }
      const request = JSON.parse(text) as Request
      requests.push(request)
      const answer = post(request)
      if (answer !== undefined) response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (incoming, socket) => {
    headers.push(incoming.headers)
    socket.on('error', () => {})
    if (refuse !== undefined || asked === undefined) {
      socket.end(`HTTP/1.1 ${refuse ?? 404} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
      return
    }
    const accept = createHash('sha1')
      .update(`${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: hyphae.rpc\r\n\r\n`,
    )
    const peer = peerOf(socket)
    peers.add(peer)
    socket.on('close', () => peers.delete(peer))
    let held = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      for (let frame = cut(held); frame !== undefined; frame = cut(held)) {
        held = held.subarray(frame.size)
        if (frame.opcode === 8) {
          peer.frame(8, frame.payload)
          socket.end()
        } else if (frame.opcode === 1) {
          const request = JSON.parse(frame.payload.toString('utf8')) as Request
          requests.push(request)
          asked(request, peer)
        }
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    requests,
    headers,
    peers,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function peerOf(socket: Duplex): WebPeer {
  const frame = (opcode: number, payload: Buffer): void => {
    if (socket.destroyed) return
    const length =
      payload.length < 126 ? Buffer.from([payload.length]) : Buffer.from([126, payload.length >> 8, payload.length & 255])
    socket.write(Buffer.concat([Buffer.from([0x80 | opcode]), length, payload]))
  }
  const say = (message: object): void => frame(1, Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })))
  return {
    socket,
    frame,
    answer: ({ id }, result) => say({ id, result }),
    item: (subscription, item) => say({ method: 'stream.item', params: { subscription, seq: 1, item } }),
    close(code, reason = '') {
      frame(8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]))
      socket.end()
    },
  }
}

/** The first frame, once it is whole. Clients mask theirs. */
function cut(bytes: Buffer): { readonly opcode: number; readonly payload: Buffer; readonly size: number } | undefined {
  if (bytes.length < 6) return undefined
  const short = bytes.readUInt8(1) & 127
  const start = short === 126 ? 4 : 2
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  const size = start + 4 + length
  if (bytes.length < size) return undefined
  const mask = bytes.subarray(start, start + 4)
  const payload = Buffer.from(bytes.subarray(start + 4, size).map((byte, at) => byte ^ (mask[at % 4] ?? 0)))
  return { opcode: bytes.readUInt8(0) & 15, payload, size }
}
