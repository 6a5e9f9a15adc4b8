import type { Reply } from '../../protocol/reply.ts'
import type { Call } from '../magictunnel/calls.ts'

/** A request to the dashboard API as a conversation with the gateway: what is asked of it next, until there is an answer. */

export interface Answer {
  readonly status: number
  /** A text is sent as it stands, everything else as JSON. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Turn =
  | { readonly kind: 'call'; readonly call: Call }
  /** The answer is a stream of what this command tells. */
  | { readonly kind: 'follow'; readonly call: Call }
  | { readonly kind: 'answer'; readonly answer: Answer }

/** What comes next, after these replies. Pure: it is asked again with one reply more. */
export type Script = (replies: readonly Reply[]) => Turn

export const ask = (command: string, input: Call['input'] = {}): Turn => ({ kind: 'call', call: { command, input } })
export const askFor = (call: Call): Turn => ({ kind: 'call', call })
export const follow = (command: string, input: Call['input'] = {}): Turn => ({ kind: 'follow', call: { command, input } })
export const answer = (status: number, body: unknown, headers?: Answer['headers']): Turn => ({
  kind: 'answer',
  answer: { status, body, ...(headers === undefined ? {} : { headers }) },
})

/** What the dashboard API needs to know beside what commands answer. */
export interface DashboardParts {
  /** The time of an answer, RFC 3339. */
  now(): string
  /** The service that is meant where none is named. */
  defaultService(): string | null
  /** Targets of make that the config permits. */
  makeTargets(): readonly string[]
  /** The environment that services inherit. */
  environment(): Readonly<Record<string, string | undefined>>
}

/** What is known of a request once its route is. */
export interface Asked {
  /** The decoded parts of the path that the route leaves open. */
  readonly open: readonly string[]
  readonly body: string
}

export interface Route {
  readonly method: 'GET' | 'POST'
  /** Below /dashboard/api; `*` is any one part. */
  readonly path: string
  begin(asked: Asked, parts: DashboardParts): Script
}
