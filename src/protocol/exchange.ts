import { isRecord, parseJson } from './json.ts'

/**
 * One HTTP request and its answer, as a dialect sees them that speaks in requests and not in bodies alone. The request is the
 * one message of its conversation, as JSON.
 */
export interface HttpAsked {
  readonly method: string
  /** Decoded by nobody, without the query: `/api/v1/service/restart`. */
  readonly path: string
  /** Decoded, in the order in which they came; a name may come more than once. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** Names in lower case; of one that came more than once the last. Without those that prove who asks. */
  readonly headers: Readonly<Record<string, string>>
  /** UTF-8; empty where there is none. */
  readonly body: string
}

/** The first thing that such a dialect writes, as JSON. */
export interface HttpHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The whole of the answer; null: what is written from now on is the answer, piece by piece, until the conversation is closed. */
  readonly body: string | null
}

/** What the transport hands over is such a request; undefined: whoever sends something else is no transport. */
export function askedIn(text: string): HttpAsked | undefined {
  let asked: unknown
  try {
    asked = parseJson(text)
  } catch {
    return undefined
  }
  return isRecord(asked) &&
    typeof asked['method'] === 'string' &&
    typeof asked['path'] === 'string' &&
    Array.isArray(asked['query']) &&
    isRecord(asked['headers']) &&
    typeof asked['body'] === 'string'
    ? (asked as unknown as HttpAsked)
    : undefined
}
