import { signal } from '@preact/signals'
import { bounds } from './bounds.ts'

/** What is said at the foot of the page, for a while. */
export interface Message {
  readonly id: number
  readonly text: string
  readonly kind: 'info' | 'error'
}

export function createMessages() {
  const messages = signal<readonly Message[]>([])
  let last = 0
  return {
    messages,
    say(text: string, kind: Message['kind'] = 'info'): void {
      const id = ++last
      messages.value = [...messages.value, { id, text, kind }].slice(-bounds.messages)
      setTimeout(() => (messages.value = messages.value.filter((one) => one.id !== id)), bounds.message)
    },
  }
}
