import { errorCodes, HyphaeError, messageOf, type ErrorCode } from '../protocol/errors.ts'
import { isRecord, parseJson } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import type { Address } from './network.ts'
import { abortOf, clientClosed, errorOf, patience, requestOf, type RequestOptions, type Wire } from './wire.ts'

/** Calls over HTTP: each is a POST of its own, so nothing is held open between them. */

/** Resolves once it is known that somebody answers there, and that he lets us in. */
export async function httpWire(address: Address, timeout: number): Promise<Wire> {
  const under = new Set<(error: Error) => void>()
  let closed = false
  let next = 1
  await reach(address, timeout)
  return {
    async request(method, params, options = {}) {
      if (closed) throw clientClosed()
      return post(address, requestOf(next++, method, params), method, options, under)
    },
    close() {
      closed = true
      for (const end of under) end(clientClosed())
    },
  }
}

/** Asks for next to nothing; rejects when nobody answers, or does not let us in. */
export async function reach(address: Address, timeout: number): Promise<void> {
  try {
    await post(address, requestOf(0, 'system.status', { services: [] }), 'system.status', { timeout })
  } catch (error) {
    if (!(error instanceof HyphaeError)) throw error
    if (error.code === 'timeout') throw nobody(address, 'it does not answer')
    // Whoever may not ask this may ask something else.
    if (error.data['http'] !== undefined || ['unavailable', 'parse_error'].includes(error.code)) throw error
  }
}

async function post(
  address: Address,
  body: string,
  method: string,
  options: RequestOptions,
  under: Set<(error: Error) => void> = new Set(),
): Promise<unknown> {
  if (options.signal?.aborted === true) throw abortOf(options.signal)
  const controller = new AbortController()
  const stop = (error: Error): void => controller.abort(error)
  const release = patience(method, options, stop)
  under.add(stop)
  try {
    const answer = await address.reach.fetch(address.http, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(address.token === undefined ? {} : { authorization: `Bearer ${address.token}` }),
      },
      body,
      redirect: 'error',
      signal: controller.signal,
    })
    return resultOf(address, answer.status, await textOf(answer))
  } catch (error) {
    if (controller.signal.aborted) throw abortOf(controller.signal)
    if (error instanceof HyphaeError) throw error
    throw failureOf(address, error)
  } finally {
    release()
    under.delete(stop)
  }
}

async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  if (body === null) return text
  for (const reader = body.getReader(); ;) {
    const { done, value } = (await reader.read()) as { readonly done: boolean; readonly value?: Uint8Array }
    if (done || value === undefined) return text + decoder.decode()
    size += value.length
    if (size > limits.answerBytes) {
      await reader.cancel()
      throw new HyphaeError('too_large', `an answer of more than ${limits.answerBytes} bytes; ask for less at once`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function resultOf(address: Address, status: number, text: string): unknown {
  if (status !== 200 && status !== 204) throw refusalOf(address, status, text)
  if (text === '') return undefined
  let message: unknown
  try {
    message = parseJson(text)
  } catch (error) {
    throw new HyphaeError('parse_error', `cannot understand what ${address.at} answers: ${messageOf(error)}`)
  }
  if (!isRecord(message))
    throw new HyphaeError('parse_error', `cannot understand what ${address.at} answers: it is no JSON object`)
  if (isRecord(message['error'])) throw errorOf(message['error'])
  return message['result']
}

const byStatus = new Map<number, ErrorCode>([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [413, 'too_large'],
  [429, 'overloaded'],
  [503, 'unavailable'],
])

/** What was refused before anybody looked at the command. */
function refusalOf(address: Address, status: number, text: string): HyphaeError {
  const told = toldIn(text)
  const { code: name } = told
  const code = typeof name === 'string' && Object.hasOwn(errorCodes, name) ? (name as ErrorCode) : byStatus.get(status)
  const plain = /^[^<>{}\n]+$/.test(text.trim()) ? text.trim() : ''
  const words = typeof told['message'] === 'string' ? told['message'] : plain
  const said = words === '' ? '' : `: ${words.slice(0, limits.quotedText)}`
  const where = { http: status, url: address.at }
  if (code === undefined) {
    const message = `${address.at} answers with HTTP ${status}${said}; is that where the orchestrator's http listener is?`
    return new HyphaeError('unavailable', message, where)
  }
  if (status === 401) {
    const advice =
      address.token === undefined
        ? `${address.at} wants a token; give it as token (or HYPHAE_TOKEN, or --token)`
        : `${address.at} does not accept this token; its own are in supervisor.security.authentication of its config`
    return new HyphaeError('unauthorized', advice, where)
  }
  return new HyphaeError(code, `${address.at} refuses it (HTTP ${status})${said}`, where)
}

function toldIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const body = parseJson(text)
    return isRecord(body) && isRecord(body['error']) ? body['error'] : {}
  } catch {
    return {}
  }
}

export const nobody = ({ at }: Address, because: string): HyphaeError =>
  new HyphaeError(
    'unavailable',
    `no orchestrator answers at ${at} (${because}); is it up, and its http listener on that address?`,
    {
      url: at,
      because,
    },
  )

/** How TLS of Node and of browsers that tell it calls a certificate of an authority that nobody knows. */
const unknownAuthority = /certificate|unable to get .*issuer/i

/** fetch says "fetch failed" and has the reason in its cause. */
function failureOf(address: Address, error: unknown): HyphaeError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = isRecord(cause) && typeof cause['code'] === 'string' ? cause['code'] : ''
  if (code === 'UND_ERR_HEADERS_TIMEOUT')
    return new HyphaeError('timeout', 'no answer for minutes; what was asked goes on', { url: address.at })
  const message = messageOf(cause)
  const why = message === '' ? code : message
  if (!unknownAuthority.test(why)) return nobody(address, why)
  return new HyphaeError(
    'unavailable',
    `${address.at} cannot be trusted: ${why}; name its authority with --ca <file> or HYPHAE_CA`,
    {
      url: address.at,
      because: why,
    },
  )
}
