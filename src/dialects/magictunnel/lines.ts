import { orderFromJson } from './json-orders.ts'
import type { Order, Understood } from './orders.ts'

/** One line: a text command, or JSON. */

/** What `help` tells. */
export const usage = [
  'status [service]',
  'health [service]',
  'start [service]',
  'stop [service]',
  'restart [service]',
  'mode [name]',
  'shutdown',
  'auth <token>',
  'help',
] as const

const invalid = (because: string): string => `Invalid command format: ${because}`

type Text = { readonly order: Order } | { readonly refusal: string }
const one = (words: readonly string[], order: (service: string | null) => Order): Text =>
  words.length > 2 ? { refusal: `${words[0] ?? ''}: expected at most one name of a service` } : { order: order(words[1] ?? null) }
const alone = (words: readonly string[], order: Order): Text =>
  words.length > 1 ? { refusal: `${words[0] ?? ''}: expected nothing after it` } : { order }

/** A text command, in any case; undefined: the line begins with none. */
function textOrder(words: readonly string[]): Text | undefined {
  const verb = (words[0] ?? '').toLowerCase()
  switch (verb) {
    case 'status':
    case 'health':
    case 'start':
    case 'stop':
      return one(words, (service) => ({ verb, service }))
    case 'restart':
      return one(words, (service) => ({ verb, service, args: null }))
    case 'mode':
      if (words.length > 2) return { refusal: 'mode: expected at most one name of a mode' }
      return { order: words[1] === undefined ? { verb } : { verb: 'switchmode', mode: words[1] } }
    case 'switch-mode':
      return words.length === 2
        ? { order: { verb: 'switchmode', mode: words[1] ?? '' } }
        : { refusal: 'switch-mode: expected the name of a mode' }
    case 'shutdown':
    case 'help':
      return alone(words, { verb })
    case 'auth':
      return words.length === 2
        ? { order: { verb: 'authenticate', token: words[1] ?? '' } }
        : { refusal: 'auth: expected a token' }
    default:
      return undefined
  }
}

/** What a line asks for, or why it asks for nothing; its line end may be in it, as serde saw it. */
export function understand(line: string): Understood {
  const first = line.trimStart()[0]
  const json = first === '{' || first === '"'
  const text = json ? undefined : textOrder(line.trim().split(/\s+/, 4))
  if (text !== undefined) return { json, ...text }
  const found = orderFromJson(line)
  return 'order' in found ? { json, order: found.order } : { json, refusal: invalid(found.refusal) }
}

/** Methods that a page, a proxy or a scanner begins with, whether or not the version follows. */
const request =
  /^\s*(?:[!#$%&'*+.^_`|~\w-]+[ \t]+\S+[ \t]+HTTP\/\d|(?:get|head|post|put|delete|connect|options|trace|patch|pri)[ \t]+\S)/i

/** Is it somebody else's language? Nothing after it may be taken, since a web page can post whole lines of ours. */
export function foreign(line: string): string | null {
  if (line.includes('\0')) return invalid('this port speaks lines of text and JSON, not binary')
  return request.test(line)
    ? invalid('this port speaks lines of text and JSON, not HTTP; HTTP is on a port of its own, if it is served')
    : null
}
