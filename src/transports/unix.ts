import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import process from 'node:process'
import { messageOf, systemCode } from '../protocol/errors.ts'
import type { CloseReason, Listener, Transport } from '../protocol/link.ts'
import { limits } from '../protocol/limits.ts'
import { linkOf, lobby } from './stream-link.ts'

const pathOf = (address: string): string => address.replace(/^unix:/, '')

/**
 * Unix domain sockets, mode 0600: whoever can open the file is the local user. A file that nobody answers on is left
 * over from a crash and is taken over; one that somebody answers on is not.
 */
export function unix(): Transport {
  return {
    scheme: 'unix',
    dial(address, emit) {
      const socket = connect(pathOf(address))
      const link = linkOf(socket, emit)
      socket.once('connect', () => emit({ type: 'link.opened' }))
      return link
    },
    listen(address, emit): Listener {
      const path = pathOf(address)
      const waiting = lobby(emit)
      let reason: CloseReason = { kind: 'local', because: 'closed' }
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => waiting.admit(socket, 'unix'))
      server.maxConnections = limits.connections
      const bind = (): void => {
        // The folder is private already; this closes the gap for folders that are not.
        const before = process.umask(0o177)
        try {
          server.listen(path)
        } finally {
          process.umask(before)
        }
      }
      server.on('listening', () => {
        chmodSync(path, 0o600)
        emit({ type: 'listener.bound', address: path })
      })
      server.on('close', () => emit({ type: 'listener.closed', reason }))
      const fail = (because: string): void => {
        reason = { kind: 'failed', because }
        emit({ type: 'listener.closed', reason })
      }
      server.on('error', (error) => {
        if (systemCode(error) !== 'EADDRINUSE') {
          fail(`cannot listen on ${path}: ${messageOf(error)}`)
          return
        }
        const knock = connect(path)
        knock.once('connect', () => {
          knock.destroy()
          fail(`${path} is already in use: another orchestrator runs on this state folder`)
        })
        knock.once('error', () => {
          rmSync(path, { force: true })
          server.removeAllListeners('error')
          server.once('error', (again) => fail(`cannot listen on ${path}: ${messageOf(again)}`))
          bind()
        })
      })
      if (Buffer.byteLength(path) > limits.socketPathBytes) {
        setImmediate(() => fail(`the socket's path has more than ${limits.socketPathBytes} bytes: ${path}`))
      } else {
        bind()
      }
      return {
        claim: waiting.claim,
        close() {
          waiting.clear()
          if (server.listening) server.close()
        },
      }
    },
  }
}
