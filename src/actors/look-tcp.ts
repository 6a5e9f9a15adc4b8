import { connect } from 'node:net'
import type { ProbeTarget } from '../protocol/service.ts'
import { reasonOf } from './look.ts'

/** Connects once and hangs up. Resolves to null when somebody answered, else to why not. */
export function lookTcp({ host, port }: Extract<ProbeTarget, { type: 'tcp' }>, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const stop = (): void => {
      socket.destroy()
      resolve(reasonOf(signal.reason, signal))
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.once('connect', () => {
      socket.destroy()
      resolve(null)
    })
    socket.on('error', (error) => {
      resolve(reasonOf(error, signal))
    })
    socket.once('close', () => {
      signal.removeEventListener('abort', stop)
    })
  })
}
