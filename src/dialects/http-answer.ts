import type { Effect } from '../protocol/dialect.ts'
import type { HttpHead } from '../protocol/exchange.ts'

/** What every dialect writes that answers one HTTP request: a whole answer, or a stream of Server-Sent Events. */

type Headers = HttpHead['headers']

const head = (status: number, headers: Headers, body: string | null): Effect => ({
  type: 'write',
  text: JSON.stringify({ status, headers, body } satisfies HttpHead),
})

/** The whole answer, after which it is over. `because`: why the conversation is closed. */
export const answered = (
  status: number,
  headers: Headers,
  body: string,
  because = 'it is answered',
): readonly [write: Effect, close: Effect] => [head(status, headers, body), { type: 'close', because }]

const write = (text: string): Effect => ({ type: 'write', text })

export const streamHead = (): Effect => head(200, { 'content-type': 'text/event-stream' }, null)
/** `place`: where its reader can go on after it. Empty: nowhere; null: that was never so. */
export const event = (item: unknown, place: string | null): Effect =>
  write(`${place === null ? '' : `id: ${place}\n`}data: ${JSON.stringify(item)}\n\n`)
export const end = (because: string): Effect[] => [
  write(`event: end\ndata: ${JSON.stringify({ because })}\n\n`),
  { type: 'close', because },
]
/** A line that means nothing. */
export const keepAlive = (): Effect => write(':\n\n')
