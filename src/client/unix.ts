import { connect, type Socket } from 'node:net'
import { lines } from '../protocol/codec.ts'
import { HyphaeError, messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { Place } from './place.ts'
import { openWire, type Channel, type ChannelEvents } from './wire.ts'

/** The unix socket of an orchestrator on this machine: a message a line. */
export function unixPlace(path: string): Place {
  const open: Place['stream'] = (listener, timeout) =>
    openWire((events, patience) => dial(path, events, patience), listener, timeout)
  return { at: path, calls: open, stream: open }
}

const nobody = (path: string, cause: unknown): HyphaeError =>
  new HyphaeError('unavailable', `no orchestrator answers at ${path}; start one with: hyphae up`, {
    socket: path,
    because: messageOf(cause),
  })

function dial(path: string, events: ChannelEvents, timeout: number): Promise<Channel> {
  return new Promise((resolve, reject) => {
    let socket: Socket
    try {
      socket = connect(path)
    } catch (error) {
      // A path that is too long for a socket is refused at once.
      reject(nobody(path, error))
      return
    }
    const timer = setTimeout(() => {
      socket.destroy()
      reject(nobody(path, 'it does not accept the connection'))
    }, timeout)
    const failed = (error: Error): void => {
      clearTimeout(timer)
      reject(nobody(path, error))
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', failed)
      resolve(channelOf(socket, path, events))
    })
  })
}

function channelOf(socket: Socket, path: string, events: ChannelEvents): Channel {
  const codec = lines(limits.answerBytes)
  const lost = (because: string): void => {
    events.lost(new HyphaeError('unavailable', `the connection to ${path} was lost: ${because}`, { socket: path }))
    socket.destroy()
  }
  socket.on('data', (chunk) => {
    try {
      for (const text of codec.push(chunk)) if (text !== '') events.message(text)
    } catch (error) {
      events.lost(new HyphaeError('parse_error', `cannot understand what ${path} answers: ${messageOf(error)}`, { socket: path }))
      socket.destroy()
    }
  })
  socket.on('error', (error) => lost(messageOf(error)))
  socket.on('end', () => lost('the orchestrator closed it'))
  socket.on('close', () => lost('it was closed'))
  return {
    send: (text) => void socket.write(codec.encode(text)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      socket.end()
      // Unread bytes would keep it open: nobody wants them any more.
      socket.resume()
      socket.unref()
    },
  }
}
