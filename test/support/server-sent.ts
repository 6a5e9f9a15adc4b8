import { expect } from 'vitest'
import { eventually } from './eventually.ts'

/** A client of Server-Sent Events, as far as a test needs one. */

export interface ServerSent {
  readonly type: string
  readonly id: string | undefined
  readonly data: unknown
}

export async function listenTo(url: string, headers: Record<string, string> = {}) {
  const controller = new AbortController()
  const response = await fetch(url, { headers, signal: controller.signal })
  const heard: ServerSent[] = []
  const comments: string[] = []
  let over = false
  const take = (block: string): void => {
    const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]
    const data = field('data')
    if (data === undefined) comments.push(block)
    else heard.push({ type: field('event') ?? 'message', id: field('id'), data: JSON.parse(data) as unknown })
  }
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
  }
  const reading = response.ok ? read().catch(() => {}) : Promise.resolve()
  void reading.then(() => (over = true))
  return {
    response,
    heard,
    comments,
    isOver: () => over,
    /** The first that looks so. */
    find: (looksSo: (one: ServerSent) => boolean) =>
      eventually(() => {
        const found = heard.find(looksSo)
        expect(found).toBeDefined()
        return found as ServerSent
      }),
    close: () => controller.abort(),
  }
}
