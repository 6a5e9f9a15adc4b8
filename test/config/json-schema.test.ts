import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configJsonSchema, configJsonSchemaText } from '../../src/config/json-schema.ts'
import { isRecord } from '../../src/protocol/json.ts'

const shipped = new URL('../../schema/hyphae.schema.json', import.meta.url)
const reference = new URL('../../docs/configuration.md', import.meta.url)

test('the shipped schema is up to date (npm run schema writes it)', () => {
  expect(readFileSync(shipped, 'utf8')).toBe(configJsonSchemaText())
})

/** Every field of a schema, by name. */
function* fieldsOf(schema: unknown, path = ''): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  if (Array.isArray(schema)) for (const part of schema) yield* fieldsOf(part, path)
  if (!isRecord(schema)) return
  for (const [key, part] of Object.entries(schema)) {
    if (key === 'properties' && isRecord(part)) {
      for (const [name, field] of Object.entries(part)) {
        const here = path === '' ? name : `${path}.${name}`
        if (isRecord(field)) yield [here, field]
        yield* fieldsOf(field, here)
      }
    } else yield* fieldsOf(part, path)
  }
}

const fields = [...fieldsOf(configJsonSchema())]

test('every field has a description for the editor', () => {
  expect(fields.length).toBeGreaterThan(60)
  expect(fields.filter(([, field]) => typeof field['description'] !== 'string').map(([name]) => name)).toEqual([])
})

test('every field stands in the reference', () => {
  const text = readFileSync(reference, 'utf8')
  const names = fields.map(([name]) => name.split('.').at(-1) ?? '')
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
})

test('a variable may stand where a number is expected', () => {
  const port = fields.find(([name]) => name === 'supervisor.port')?.[1]
  expect(port).toMatchObject({
    default: 8081,
    anyOf: [{ type: 'integer', minimum: 0, maximum: 65_535 }, { const: 'off' }, { type: 'string', pattern: '\\$\\{' }],
  })
})
