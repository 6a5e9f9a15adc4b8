import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import type { Answer, Operation, Schema } from '../../src/http/api-part.ts'
import type { OpenApi } from '../../src/http/openapi.ts'
import { httpFleet, json, type HttpFleet } from '../support/http.ts'
import { listenTo } from '../support/server-sent.ts'
import { specOf } from '../support/specs.ts'

/** What /openapi.json says, held against what the listener does. */

let fleet: HttpFleet
let document: OpenApi
beforeAll(async () => {
  const talkative = ['-c', 'while :; do echo line; sleep 0.1; done']
  fleet = await httpFleet({ services: [specOf({ name: 'web', command: '/bin/sh', args: talkative })] })
  document = (await (await fetch(`${fleet.origin}/openapi.json`)).json()) as OpenApi
})
afterAll(() => fleet.end())

/** A schema of the document with what it refers to in it. */
function whole(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(whole)
  if (typeof node !== 'object' || node === null) return node
  if ('$ref' in node) return whole(document.components.schemas[String(node.$ref).replace('#/components/schemas/', '')])
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, whole(value)]))
}
const complaint = (schema: Schema | undefined, value: unknown): unknown =>
  z.fromJSONSchema(whole(schema ?? {}) as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).error?.issues

function answerOf(operation: Operation, status: number, what: string): Answer {
  const answer = operation.responses[String(status)]
  expect(answer, `${what}: ${status} is not in the document`).toBeDefined()
  return answer as Answer
}

/** The answer is one of those of the document, and is what that says. */
async function holds(what: string, operation: Operation, response: Response): Promise<void> {
  const { content = {} } = answerOf(operation, response.status, what)
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  expect(Object.keys(content), what).toContain(type)
  const body = await response.text()
  const value: unknown = type === 'application/json' ? JSON.parse(body) : body
  expect(complaint(content[type]?.schema, value), `${what} ${response.status}: ${body.slice(0, 500)}`).toBeUndefined()
}

/** The first event of a stream is what the document says. */
async function tells(url: string, item: Schema): Promise<void> {
  const followed = await listenTo(url)
  const { data } = await followed.find(() => true)
  expect(complaint(item, data), `${url}: ${JSON.stringify(data)}`).toBeUndefined()
  followed.close()
}

const queryOf = ({ parameters = [] }: Operation): string => {
  const required = parameters.filter((parameter) => parameter.in === 'query' && parameter.required === true)
  const pairs = required.map(({ name, schema }): [string, string] => [
    name,
    String(((schema ?? {})['examples'] as unknown[] | undefined)?.[0]),
  ])
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}
const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${fleet.origin}${path}`, { method: 'POST', headers: json, body: JSON.stringify(body) })

test('what is served is OpenAPI 3.1, and every family of routes is in it', async () => {
  const { errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>)
  expect(errors).toBeUndefined()
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/rpc', '/healthz', '/api/v1/status', '/api/v1/system/status']),
  )
  const all = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  const ids = all.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
  const tags = document.tags.map(({ name }) => name)
  expect(new Set(tags).size).toBe(tags.length)
  expect(all.flatMap((operation) => operation.tags).filter((tag) => !tags.includes(tag))).toEqual([])
})

test('what does not fit a schema of the document is seen', () => {
  expect(complaint({ $ref: '#/components/schemas/Error' }, { error: { code: 'nonsense', message: 'x' } })).toBeDefined()
  const status = document.paths['/api/v1/status']?.get?.responses['200']?.content?.['application/json']?.schema
  expect(complaint(status, { supervisor: {}, services: { web: {} } })).toBeDefined()
})

test('each operation answers as it is described: what is right, and what is wrong', async () => {
  const done: string[] = []
  for (const [pattern, { get, post: posted }] of Object.entries(document.paths)) {
    // What a path has a place for is a service.
    const path = pattern.replaceAll(/\{\w+\}/g, 'web')
    if (get !== undefined) {
      const url = `${fleet.origin}${path}${queryOf(get)}`
      const item = get.responses['200']?.content?.['text/event-stream']?.['x-item-schema']
      if (item === undefined) await holds(`GET ${path}`, get, await fetch(url))
      else await tells(url, item)
      if (path.startsWith('/api/')) await holds(`GET ${path}?nonsense`, get, await fetch(`${fleet.origin}${path}?nonsense=1`))
      done.push(`GET ${path}`)
    }
    if (posted !== undefined) {
      const example = posted.requestBody?.content['application/json']?.example
      // These would end what is asked.
      if (!/\/system\/(?:shutdown|leave)$/.test(path)) await holds(`POST ${path}`, posted, await post(path, example ?? {}))
      if (path.startsWith('/api/')) {
        await holds(`POST ${path} nonsense`, posted, await post(path, { nonsense: 1 }))
        await holds(`POST ${path} array`, posted, await post(path, []))
      }
      done.push(`POST ${path}`)
    }
  }
  expect(done.length).toBeGreaterThan(25)
}, 60_000)

test('the end is answered as it is described', async () => {
  const { post: posted } = document.paths['/api/v1/system/shutdown'] ?? {}
  const response = await post('/api/v1/system/shutdown', {})
  expect(response.status).toBe(200)
  await holds('shutdown', posted as Operation, response)
})
