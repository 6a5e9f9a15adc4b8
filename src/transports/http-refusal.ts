import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Verdict } from './site.ts'

export type Refusal = Extract<Verdict, { kind: 'refused' }>

const textOf = ({ code, message }: Refusal): string => JSON.stringify({ error: { code, message } })

/** Every answer says these: nobody guesses a type, nobody keeps an answer. */
export const always = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const

const headersOf = (refusal: Refusal, body: string): Record<string, string> => ({
  ...always,
  ...refusal.headers,
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
  connection: 'close',
})

/** Answers a refused request; its body is never read, so the connection is of no use any more. */
export function refuse(response: ServerResponse, refusal: Refusal, body: string = textOf(refusal)): void {
  response.writeHead(refusal.status, headersOf(refusal, body))
  response.end(body)
}

/** The same where Node has handed over the socket. */
export function refuseSocket(socket: Duplex, refusal: Refusal): void {
  const body = textOf(refusal)
  const headers = Object.entries(headersOf(refusal, body)).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n${headers.join('')}\r\n${body}`, () =>
    socket.destroy(),
  )
}

/** Answers when it is time to: nothing else is done for the caller until then. */
export function held({ hold = 0 }: Refusal, answer: () => void): void {
  if (hold === 0) answer()
  else setTimeout(answer, hold).unref()
}
