import { connect, type Socket } from 'node:net'
import { eventually } from './eventually.ts'

/** A client of the supervisor's control port that shows each byte and each end. */

export interface ControlAnswer {
  readonly success: boolean
  readonly message: string
  readonly data: Readonly<Record<string, unknown>> | null
  readonly timestamp: string
}

export class ControlClient {
  readonly socket: Socket
  received = ''
  closed = false

  constructor(address: string) {
    const colon = address.lastIndexOf(':')
    this.socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), allowHalfOpen: true })
    this.socket.setNoDelay(true)
    this.socket.setEncoding('utf8').on('data', (text: string) => (this.received += text))
    // The server has closed its side.
    this.socket.on('end', () => {
      this.closed = true
      this.socket.end()
    })
    this.socket.on('error', () => (this.closed = true))
  }

  say(text: string | Buffer): this {
    this.socket.write(text)
    return this
  }

  get answers(): ControlAnswer[] {
    return this.received
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as ControlAnswer)
  }

  /** The n-th answer, as soon as it is there. */
  answer(nth = 1): Promise<ControlAnswer> {
    return eventually(() => {
      const found = this.answers[nth - 1]
      if (found === undefined) throw new Error(`no answer number ${nth} yet: ${this.received}`)
      return found
    }, 20_000)
  }

  /** Resolves once the server has closed. */
  async over(): Promise<this> {
    await eventually(() => {
      if (!this.closed) throw new Error('the server keeps it open')
    }, 20_000)
    return this
  }
}
