import { connect, type Socket } from 'node:net'
import { chance } from './chance.ts'

/** Mutated inputs with a fixed seed, and ports that they are thrown at. */

/** What parsers have stumbled over. */
const tokens = [
  '\0',
  '\r\n',
  '\n',
  '"',
  '\\u0000',
  '\\ud800',
  '{',
  '[',
  ']]]]',
  '[[[[[[[[[[[[[[[[',
  '{"a":'.repeat(80),
  'null',
  '-0',
  '1e999',
  '99999999999999999999',
  '"__proto__":{"x":1},',
  '"constructor":',
  '"id":null,',
  '\ufeff',
  '\u{1f600}',
  'ÿû\u0001',
  '%s%n',
  '../../etc/passwd',
  'Content-Length: 99999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: evil.example\r\n',
  'x'.repeat(5_000),
].map((text) => Buffer.from(text, 'utf8'))

export function mutate(random: () => number, corpus: readonly Buffer[]): Buffer {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const at = (length: number): number => Math.floor(random() * (length + 1))
  let input = Buffer.from(pick(corpus))
  const rounds = 1 + Math.floor(random() * 3)
  for (let i = 0; i < rounds; i++) {
    const from = at(input.length)
    const to = Math.min(input.length, from + Math.floor(random() * 12))
    const kind = Math.floor(random() * 7)
    if (kind === 0 && input.length > 0) {
      const bit = at(input.length - 1)
      input[bit] = (input[bit] ?? 0) ^ (1 << Math.floor(random() * 8))
    } else if (kind === 1) input = input.subarray(0, from)
    else if (kind === 2) input = Buffer.concat([input.subarray(0, from), pick(tokens), input.subarray(from)])
    else if (kind === 3) input = Buffer.concat([input.subarray(0, from), input.subarray(to)])
    else if (kind === 4) input = Buffer.concat([input.subarray(0, to), input.subarray(from)])
    else if (kind === 5) {
      const other = pick(corpus)
      input = Buffer.concat([input.subarray(0, from), other.subarray(at(other.length))])
    } else input = Buffer.concat([input.subarray(0, from), Buffer.from([Math.floor(random() * 256)]), input.subarray(from)])
  }
  return input
}

export interface FuzzPort {
  readonly name: string
  /** Sound inputs that are then spoilt. */
  readonly corpus: readonly Buffer[]
  /** Inputs that go out on one connection, one after the other. */
  readonly inputsEach: number
  dial(): Socket
  /** What goes before the inputs of a connection (a handshake), where something does. */
  readonly opening?: Buffer
  readonly separator: Buffer
}

export interface FuzzResult {
  readonly inputs: number
  /** Connections that were neither answered and closed nor cut within the time. */
  readonly hung: number
  /** Answers that show what is none of a caller's business. */
  readonly leaks: readonly string[]
  readonly answered: number
}

/** A stack trace, or a path of ours. */
const leak = /\n\s+at .+:\d+:\d+|node:internal|\/(?:src|dist)\/[\w/-]+\.(?:ts|js)|node_modules/

/** Throws so many inputs at a port, on so many connections at a time; each connection is half-closed and read to its end. */
export async function fuzz(port: FuzzPort, seed: number, inputs: number, patience = 20_000): Promise<FuzzResult> {
  const random = chance(seed)
  let sent = 0
  let hung = 0
  let answered = 0
  const leaks: string[] = []
  async function worker(): Promise<void> {
    while (sent < inputs) {
      const count = Math.min(port.inputsEach, inputs - sent)
      sent += count
      const parts: Buffer[] = port.opening === undefined ? [] : [port.opening]
      for (let i = 0; i < count; i++) parts.push(mutate(random, port.corpus), port.separator)
      const answer = await exchange(port.dial(), Buffer.concat(parts), patience)
      if (answer === undefined) hung++
      else if (answer.length > 0) answered++
      const found = answer === undefined ? null : leak.exec(answer)
      if (found !== null) leaks.push(found[0])
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  return { inputs: sent, hung, leaks, answered }
}

/** What the other side said until it closed; undefined when it never did. */
function exchange(socket: Socket, bytes: Buffer, patience: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => {
      socket.destroy()
      resolve(undefined)
    }, patience)
    socket.on('data', (chunk: Buffer) => {
      // Enough to find a leak in; all of it would be ours to keep.
      if (chunks.length < 64) chunks.push(chunk)
    })
    // Cut while we were still writing is an answer too.
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString('latin1'))
    })
    socket.end(bytes)
  })
}

const text = (lines: readonly string[]): Buffer[] => lines.map((line) => Buffer.from(line, 'utf8'))
const newline = Buffer.from('\n')

const requests = [
  '{"jsonrpc":"2.0","id":1,"method":"system.status","params":{}}',
  '{"jsonrpc":"2.0","id":"a","method":"service.explain","params":{"service":"web"}}',
  '{"jsonrpc":"2.0","id":2,"method":"actor.send","params":{"to":"service.web","event":{"type":"START"}}}',
  '{"jsonrpc":"2.0","method":"actor.list"}',
  '[{"jsonrpc":"2.0","id":3,"method":"actor.get","params":{"address":"service.web"}},{"jsonrpc":"2.0","id":4,"method":"nope"}]',
  '{"jsonrpc":"2.0","id":5,"method":"actor.watch","params":{"filter":"service."}}',
  '{"jsonrpc":"2.0","id":6,"method":"stream.cancel","params":{"subscription":"1"}}',
]

/** JSON-RPC, a message a line. */
export const unixPort = (path: string): FuzzPort => ({
  name: 'unix',
  corpus: text(requests),
  inputsEach: 20,
  dial: () => connect(path),
  separator: newline,
})

/** The supervisor's port: text and JSON commands. */
export const tcpPort = (host: string, port: number): FuzzPort => ({
  name: 'tcp',
  corpus: text([
    'status',
    'restart web',
    'stop nothing',
    'health',
    'help',
    '"Status"',
    '"HealthCheck"',
    '{"Restart":{"args":null}}',
    '{"ReloadConfig":{"config_path":null}}',
    '{"CustomRestart":{"pre_commands":[{"command_type":"Make","command":"clean","is_safe":false}],"start_args":null,"env_vars":{"A":"b"}}}',
    '{"ExecuteCommand":{"command":{"command_type":"Shell","command":"echo x","args":null,"is_safe":false},"timeout_seconds":1}}',
    '{"Authenticate":{"token":"x"}}',
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ]),
  inputsEach: 10,
  dial: () => connect(port, host),
  separator: newline,
})

/** HTTP as raw bytes: request lines, headers and bodies. */
export function httpPort(host: string, port: number): FuzzPort {
  const post = (body: string, more = ''): string =>
    `POST /rpc HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  return {
    name: 'http',
    corpus: text([
      ...requests.map((body) => post(body)),
      post('{}', 'Origin: http://evil.example\r\n'),
      post('{}', 'Authorization: Bearer x\r\n'),
      `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`,
      `OPTIONS /rpc HTTP/1.1\r\nHost: ${host}:${port}\r\nOrigin: http://localhost:5173\r\n\r\n`,
      `POST /rpc HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n`,
    ]),
    inputsEach: 1,
    dial: () => connect(port, host),
    separator: Buffer.alloc(0),
  }
}

/** One masked frame from a client. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, (length >> 8) & 0xff, length & 0xff])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, mask, Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)))])
}

/** WebSocket frames behind a sound handshake. */
export const webSocketPort = (host: string, port: number): FuzzPort => ({
  name: 'websocket',
  corpus: [
    ...text(requests).map((payload) => frame(1, payload)),
    frame(2, Buffer.from([1, 2, 3])),
    frame(8, Buffer.from([3, 232])),
    frame(9, Buffer.from('ping')),
  ],
  inputsEach: 10,
  dial: () => connect(port, host),
  opening: Buffer.from(
    `GET /rpc HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  ),
  // After the last one a close frame, so that a server that understood all of it closes too.
  separator: Buffer.alloc(0),
})
