import type { IncomingMessage, RequestOptions } from 'node:http'
import { isRecord } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import type { ProbeTarget } from '../protocol/service.ts'
import { reasonOf } from './look.ts'
import { shown } from './shown-url.ts'

/** The revision of the Model Context Protocol that we offer; a server answers with the one that it takes. */
const protocolVersion = '2025-06-18'
const ourId = 1

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: ourId,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'hyphae-probe', version: '1' } },
})

/**
 * Asks an MCP server (Streamable HTTP) to initialize, as a client would. Resolves to null when it does, else to why not.
 * A session that it opens for us is closed again. Follows nothing, keeps nothing open.
 */
export async function lookMcp(target: Extract<ProbeTarget, { type: 'mcp' }>, signal: AbortSignal): Promise<string | null> {
  const url = new URL(target.url)
  const headers = {
    ...target.headers,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    Connection: 'close',
  }
  const what = `initialize at ${shown(url)}`
  try {
    const response = await send(url, { method: 'POST', headers, signal }, initialize)
    const session = response.headers['mcp-session-id']
    const because = await judge(response)
    if (typeof session === 'string') await endSession(url, { ...target.headers, 'Mcp-Session-Id': session }, signal)
    return because === null ? null : `${what} ${because}`
  } catch (error) {
    return reasonOf(error, signal)
  }
}

async function send(url: URL, options: RequestOptions, body: string): Promise<IncomingMessage> {
  // Loaded with the first probe that needs it.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...options, agent: false }, resolve)
    // Also after an answer: a reset then ends the reading of it, which says so itself.
    asked.on('error', reject)
    asked.end(body)
  })
}

/** null: it is an answer to our initialize. */
async function judge(response: IncomingMessage): Promise<string | null> {
  const { statusCode = 0, headers } = response
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  const streams = type === 'text/event-stream'
  if (statusCode < 200 || statusCode > 299 || (type !== 'application/json' && !streams)) {
    response.destroy()
    if (statusCode < 200 || statusCode > 299) return `answered ${statusCode}`
    return `answered with ${type === '' ? 'no content type' : type}; expected application/json or text/event-stream`
  }
  let text = ''
  try {
    for await (const piece of response.setEncoding('utf8')) {
      text += String(piece)
      if (text.length > limits.probeBodyBytes) return `answered more than ${limits.probeBodyBytes} bytes`
      // A stream may stay open behind its answer.
      const answer = streams ? answerIn(text) : undefined
      if (answer !== undefined) return flawOf(answer)
    }
  } finally {
    response.destroy()
  }
  if (streams) return 'ended its event stream without an answer'
  return flawOf(parsed(text))
}

/** The answer to our request among the events that are whole by now. */
function answerIn(stream: string): unknown {
  const events = stream.replaceAll(/\r\n?/g, '\n').split('\n\n').slice(0, -1)
  for (const event of events) {
    const lines = event.split('\n').filter((line) => line.startsWith('data:'))
    const message = parsed(lines.map((line) => line.slice('data:'.length).replace(/^ /, '')).join('\n'))
    if (isRecord(message) && message['id'] === ourId) return message
  }
  return undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why this is no result of an initialize. */
function flawOf(answer: unknown): string | null {
  if (!isRecord(answer) || answer['jsonrpc'] !== '2.0' || answer['id'] !== ourId) return 'answered no JSON-RPC to our request'
  const { error, result } = answer
  if (isRecord(error)) {
    const said = typeof error['message'] === 'string' ? error['message'] : 'without a message'
    return `was refused: ${said}`.slice(0, limits.quotedText)
  }
  const isResult = isRecord(result) && typeof result['protocolVersion'] === 'string' && isRecord(result['serverInfo'])
  return isResult ? null : 'answered without protocolVersion and serverInfo; it is no MCP server'
}

/** Politeness only: a server may keep its sessions as long as it likes, and say so with 405. */
async function endSession(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  try {
    const options = {
      method: 'DELETE',
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.sessionEndTime)]),
      headers: { ...headers, 'MCP-Protocol-Version': protocolVersion, Connection: 'close' },
    }
    const response = await send(url, options, '')
    response.destroy()
  } catch {
    // It has answered us already, and that counts.
  }
}
