import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lines } from '../../src/protocol/codec.ts'
import { limits } from '../../src/protocol/limits.ts'

export interface Request {
  readonly id: number
  readonly method: string
  readonly params: Record<string, unknown>
}

/** One connection, as the server sees it. */
export interface Peer {
  readonly socket: Socket
  answer(request: Request, result: unknown): void
  refuse(request: Request, error: { code: number; message: string; data?: unknown }): void
  item(subscription: string, item: unknown): boolean
  end(subscription: string, because: string): void
  raw(text: string): boolean
}

export interface FakeServer extends AsyncDisposable {
  readonly path: string
  /** A state folder, as far as clients can tell. */
  readonly folder: string
  /** Everything that was asked, over all connections. */
  readonly requests: Request[]
  readonly peers: Set<Peer>
}

/** A unix socket that speaks JSON-RPC and says what the test wants. */
export async function jsonRpcServer(asked: (request: Request, peer: Peer) => void): Promise<FakeServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-client-'))
  const path = join(folder, 'control.sock')
  const requests: Request[] = []
  const peers = new Set<Peer>()
  const server = createServer((socket) => {
    const codec = lines(limits.answerBytes)
    const raw = (text: string): boolean => socket.write(text)
    const write = (message: object): boolean => raw(codec.encode(JSON.stringify({ jsonrpc: '2.0', ...message })))
    const peer: Peer = {
      socket,
      raw,
      answer: ({ id }, result) => void write({ id, result }),
      refuse: ({ id }, error) => void write({ id, error }),
      item: (subscription, item) => write({ method: 'stream.item', params: { subscription, seq: 1, item } }),
      end: (subscription, because) => void write({ method: 'stream.end', params: { subscription, because } }),
    }
    peers.add(peer)
    socket.on('data', (chunk) => {
      for (const text of codec.push(chunk)) {
        const request = JSON.parse(text) as Request
        requests.push(request)
        asked(request, peer)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => peers.delete(peer))
  })
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  return {
    path,
    folder,
    requests,
    peers,
    async [Symbol.asyncDispose]() {
      for (const { socket } of peers) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
