import { type Client, HyphaeError, type ErrorCode } from '../../../src/client/browser.ts'

/** A client that answers with literals, and keeps what it was asked. */

export interface Asked {
  readonly name: string
  readonly input: unknown
}

export type Answer =
  | { readonly output: unknown }
  | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly data?: Record<string, unknown> } }

export interface FakeClient {
  readonly client: Client
  readonly asked: readonly Asked[]
  answer(name: string, answer: Answer): void
  /** To whoever follows this stream, now or later. */
  tell(stream: string, ...items: readonly unknown[]): void
}

export function createFakeClient(): FakeClient {
  const asked: Asked[] = []
  const answers = new Map<string, Answer>()
  const told = new Map<string, unknown[]>()
  const wakers = new Set<() => void>()

  async function* follow(name: string, signal: AbortSignal | undefined): AsyncGenerator<unknown, undefined> {
    for (let at = 0; ;) {
      if (signal?.aborted === true) return undefined
      const item = told.get(name)?.[at]
      if (item !== undefined) {
        at++
        yield item
        continue
      }
      await new Promise<void>((wake) => {
        wakers.add(wake)
        signal?.addEventListener('abort', () => wake(), { once: true })
      })
    }
  }
  const stream = (name: string) => (options?: { readonly signal?: AbortSignal }) => {
    const items = follow(name, options?.signal)
    return items
  }
  const client = {
    at: 'here',
    call(name: string, input: unknown) {
      asked.push({ name, input })
      const answer = answers.get(name)
      if (answer === undefined) return Promise.reject(new HyphaeError('not_found', `nobody answers ${name} here`))
      if ('output' in answer) return Promise.resolve(answer.output)
      const { code, message, data } = answer.error
      return Promise.reject(new HyphaeError(code, message, data))
    },
    stream: (name: string, _input: unknown, options?: { readonly signal?: AbortSignal }) => follow(name, options?.signal),
    watch: stream('actor.watch'),
    logs: stream('logs.follow'),
    events: stream('events.follow'),
    service: () => {
      throw new Error('not here')
    },
    close() {},
  }
  return {
    client: client as unknown as Client,
    asked,
    answer: (name, answer) => void answers.set(name, answer),
    tell(name, ...items) {
      const all = told.get(name) ?? []
      told.set(name, all)
      all.push(...items)
      for (const wake of wakers) wake()
      wakers.clear()
    },
  }
}
