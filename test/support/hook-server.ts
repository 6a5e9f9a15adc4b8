import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { HookPayload } from '../../src/protocol/hook.ts'

/** A stand-in for the other end of a webhook, which answers as the test says. */

export interface Post {
  readonly text: string
  readonly payload: HookPayload
  readonly headers: IncomingHttpHeaders
  readonly path: string
}

export interface HookServer extends AsyncDisposable {
  readonly url: string
  readonly posts: Post[]
}

/** `answer`: of the n-th post, from 1. */
export async function hookServer(answer: (nth: number, response: ServerResponse) => void): Promise<HookServer> {
  const posts: Post[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      posts.push({ text, payload: JSON.parse(text) as HookPayload, headers: request.headers, path: request.url ?? '' })
      answer(posts.length, response)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alert?key=geheim`,
    posts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
