import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import process from 'node:process'
import { lines } from '../../protocol/codec.ts'
import { formatDuration } from '../../protocol/duration.ts'
import { joinHost } from '../../protocol/endpoint.ts'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import { isRecord, parseJson } from '../../protocol/json.ts'
import { limits } from '../../protocol/limits.ts'

/** One question to the supervisor's TCP port, as MagicTunnel's own tools ask it: a line each way. */

export interface Answer {
  readonly success: boolean
  readonly message: string
  readonly data?: unknown
  readonly timestamp: string
}

export interface Place {
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly tls?: boolean | undefined
  /** A file with authorities. */
  readonly ca?: string | undefined
}

const usualPort = 8081
const everywhere = new Set(['0.0.0.0', '::', '[::]'])

/** A variable that is set and not empty. */
const said = (name: string): string | undefined => (process.env[name] === '' ? undefined : process.env[name])

/** A flag, else SUPERVISOR_PORT and SUPERVISOR_HOST, else 127.0.0.1:8081. */
function placeOf({ host, port }: Place): { readonly host: string; readonly port: number } {
  const [from, text] = port === undefined ? ['SUPERVISOR_PORT', said('SUPERVISOR_PORT')] : ['--port', port]
  const number = text === undefined ? usualPort : /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(number >= 1 && number <= 65_535)) {
    throw new HyphaeError('invalid_request', `${from}: expected a port from 1 to 65535; got ${JSON.stringify(text)}`)
  }
  const where = host ?? said('SUPERVISOR_HOST') ?? '127.0.0.1'
  // What listens everywhere listens here too.
  return { host: everywhere.has(where) ? '127.0.0.1' : where, port: number }
}

/** With TLS where that is wanted. `open`: what is heard once one may write. */
function dial(to: { readonly host: string; readonly port: number }, { tls = false, ca }: Place) {
  if (!tls && ca === undefined) return { socket: connect(to), open: 'connect' }
  return { socket: connectSecurely({ ...to, ...(ca === undefined ? {} : { ca: authorities(ca) }) }), open: 'secureConnect' }
}

function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new HyphaeError('invalid_request', `--ca: ${messageOf(error)}`)
  }
}

/** Sends one line, after the token where SUPERVISOR_TOKEN has one, and resolves with the one line that answers it. Rejects when nobody answers, or nothing that is an answer. */
export function askSupervisor(question: string, wanted: Place): Promise<Answer> {
  const to = placeOf(wanted)
  const place = joinHost(to.host, to.port)
  const token = said('SUPERVISOR_TOKEN')
  const patience = limits.supervisorCallTime
  return new Promise((resolve, reject) => {
    const { socket, open } = dial(to, wanted)
    let proving = token !== undefined
    const codec = lines(limits.answerBytes)
    let timer: NodeJS.Timeout | undefined
    const give = (code: 'unavailable' | 'timeout' | 'parse_error', message: string): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(new HyphaeError(code, message, { place }))
    }
    const allow = (what: string): void => {
      clearTimeout(timer)
      timer = setTimeout(() => give('timeout', `${place} ${what} within ${formatDuration(patience)}`), patience)
    }
    const hear = (line: string): void => {
      clearTimeout(timer)
      try {
        const answer = answerOf(line)
        // That it is known is no answer yet.
        if (proving && answer.success) {
          proving = false
          return allow('does not answer')
        }
        resolve(answer)
        socket.destroy()
      } catch (error) {
        give('parse_error', `cannot understand what ${place} answers: ${messageOf(error)}`)
      }
    }
    allow('does not accept the connection')
    socket.once(open, () => {
      allow('does not answer')
      const proof = token === undefined ? [] : [JSON.stringify({ Authenticate: { token } })]
      socket.write([...proof, question].map((line) => codec.encode(line)).join(''))
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of codec.push(chunk)) hear(line)
      } catch (error) {
        give('parse_error', `cannot understand what ${place} answers: ${messageOf(error)}`)
      }
    })
    const secure = open === 'secureConnect'
    socket.on('error', (error) => {
      const hint = secure && /certificate/.test(messageOf(error)) ? '; name its authority: --ca <file>' : ''
      give('unavailable', `no supervisor answers at ${place}: ${messageOf(error)}${hint}`)
    })
    socket.on('end', () => {
      const hint = secure ? '' : '; if it speaks TLS: --tls, or --ca <file>'
      give('unavailable', `${place} closed the connection without an answer${hint}`)
    })
  })
}

function answerOf(line: string): Answer {
  const answer = parseJson(line)
  if (!isRecord(answer)) throw new Error('expected a JSON object')
  const { success, message, timestamp } = answer
  if (typeof success !== 'boolean' || typeof message !== 'string' || typeof timestamp !== 'string') {
    throw new Error('expected the fields success, message and timestamp')
  }
  return { ...answer, success, message, timestamp }
}
