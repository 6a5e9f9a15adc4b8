import type { JsonSchema } from '../protocol/api.ts'
import type { Method, Operation } from './api-part.ts'
import { example } from './command-schema.ts'

/** A line for a shell that asks for an operation. */

export interface CurlParts {
  readonly origin: string
  /** The service of the examples. */
  readonly service: string
  /** Does whoever asks need a token? */
  readonly token: boolean
}

/** As a word of a shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const named = (value: unknown, service: string): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(/"(service\.)?web"/g, (_, kind: string = '') => JSON.stringify(kind + service)))

export function curlLine(path: string, method: Method, operation: Operation, { origin, service, token }: CurlParts): string {
  const { parameters = [], requestBody, responses } = operation
  const query = parameters.filter((one) => one.in === 'query' && one.required === true)
  const valueOf = (schema: JsonSchema): string => String(named(example(schema), service))
  const pairs = query.map(({ name, schema = {} }): [string, string] => [name, valueOf(schema)])
  const placed = path.replaceAll(/\{\w+\}/g, encodeURIComponent(service))
  const search = pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
  const stream = responses['200']?.content?.['text/event-stream'] !== undefined
  const body = requestBody?.content['application/json']?.example
  const words = [
    'curl',
    ...(stream ? ['-N'] : []),
    ...(token ? ['-H "authorization: Bearer $HYPHAE_TOKEN"'] : []),
    ...(method === 'post' && body === undefined ? ['-X POST'] : []),
    ...(body === undefined ? [] : ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(named(body, service)))}`]),
    quoted(`${origin}${placed}${search}`),
  ]
  return words.join(' ')
}
