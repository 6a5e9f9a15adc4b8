import { limits } from '../protocol/limits.ts'

/** Messages that wait for their turn, first come first served; one chunk may bring tens of thousands. */
export class Inbox {
  private messages: string[] = []
  /** Where the first one stands that was not taken. */
  private next = 0

  get size(): number {
    return this.messages.length - this.next
  }

  add(messages: readonly string[]): void {
    // One by one: a chunk of nothing but line ends has more of them than a call may have arguments.
    for (const message of messages) this.messages.push(message)
  }

  take(): string | undefined {
    const message = this.messages[this.next]
    if (message === undefined) return undefined
    this.next++
    // To move all others for each one that is taken would take seconds.
    if (this.next >= limits.waitingMessages || this.size === 0) {
      this.messages.splice(0, this.next)
      this.next = 0
    }
    return message
  }
}
