import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { commands, registry } from '../../src/commands/registry.ts'
import type { Operation } from '../../src/http/api-part.ts'
import { createSite } from '../../src/http/app.ts'
import { commandParts } from '../../src/http/command-parts.ts'
import { ownNames } from '../../src/http/hosts.ts'
import { openApi } from '../../src/http/openapi.ts'
import { apiPathOf } from '../../src/protocol/api.ts'

/** The document of the API by the rules of OpenAPI 3.1. What it says of answers is held against them in test/system. */

const parts = commandParts(registry)
const document = openApi('1.2.3', parts)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
)

/** As it is served. */
const copied = (value: object) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>

describe('the document', () => {
  test('is OpenAPI 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(copied(document))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(validator.version).toBe('3.1')
    expect(document.info['version']).toBe('1.2.3')
  })

  test('a fault in it would be seen', async () => {
    const broken = { ...document, paths: { '/x': { get: { responses: { nonsense: {} } } } } }
    expect((await new Validator().validate(copied(broken))).valid).toBe(false)
  })

  test('has every command, by its methods, with what it takes, answers and needs', () => {
    for (const command of Object.values(commands)) {
      const { get, post } = document.paths[apiPathOf(command.name)] ?? {}
      expect([get !== undefined, post !== undefined], command.name).toEqual([
        command.kind !== 'mutation',
        command.kind !== 'stream',
      ])
      const [operation] = [get ?? post]
      expect(operation).toMatchObject({
        operationId: command.name,
        summary: command.summary,
        'x-permission': command.permission,
        'x-kind': command.kind,
      })
      for (const status of ['200', '400', '401', '403', '500', '503']) expect(operation?.responses).toHaveProperty(status)
    }
  })

  test('names each operation once, and every tag, and refers to what is there', () => {
    const ids = operations.map(([, , { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const tags = document.tags.map(({ name }) => name)
    expect(new Set(tags).size).toBe(tags.length)
    for (const [path, , operation] of operations) for (const tag of operation.tags) expect(tags, path).toContain(tag)
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      expect(document.components.schemas).toHaveProperty(name ?? '')
  })

  test('an example is right by its schema', () => {
    for (const [path, , { requestBody, 'x-kind': kind }] of operations) {
      const example = requestBody?.content['application/json']?.example
      if (example === undefined) continue
      const command = [...registry.values()].find((one) => apiPathOf(one.name) === path)
      expect(command?.input.safeParse(example).error, `${path} (${kind})`).toBeUndefined()
    }
  })

  test('says nothing of how we are made, and little that is of no use', () => {
    const text = JSON.stringify(document)
    expect(text).not.toMatch(/\$schema|9007199254740991|\/work\/|\.ts\b/)
    expect(text.length).toBeLessThan(400_000)
  })
})

test('it is served to anybody', () => {
  const site = createSite({
    version: '1.2.3',
    page: null,
    registry,
    onDefect(error) {
      throw error
    },
    own: ownNames('127.0.0.1', 'box'),
    allowedOrigins: () => [],
    allowedHosts: () => [],
    identify: () => null,
    health: () => Promise.reject(new Error('nobody asks')),
    authenticate: () => ({ rejected: { hold: 0, retryAfter: null } }),
    login: () => ({ rejected: { hold: 0, retryAfter: null } }),
    logout: () => false,
  })
  const asked = { rawHeaders: ['Host', 'localhost'], method: 'GET', target: '/openapi.json', peer: '127.0.0.1:1', upgrade: false }
  expect(site.admit(asked)).toMatchObject({ kind: 'admitted' })
})
