import type { JsonSchema } from '../../src/protocol/api.ts'

/** Values out of a JSON Schema, as far as inputs of commands have them: right ones, and each place where one could be wrong. */

type Place = ReadonlyArray<string | number>

const propertiesOf = ({ properties = {} }: JsonSchema): Array<[string, JsonSchema]> =>
  Object.entries(properties as Record<string, JsonSchema>)
const itemsOf = ({ items }: JsonSchema): JsonSchema | undefined => (items === undefined ? undefined : (items as JsonSchema))

/** The least that is right; with `all`, every field that there is. */
export function sample(schema: JsonSchema, all = false): unknown {
  if (schema.default !== undefined) return schema.default
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const [choice] = schema.anyOf ?? schema.oneOf ?? []
  if (choice !== undefined) return sample(choice, all)
  const { type } = schema
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0
  if (type === 'boolean') return false
  if (type === 'array') {
    const items = itemsOf(schema)
    return items !== undefined && (all || (schema.minItems ?? 0) > 0) ? [sample(items, all)] : []
  }
  if (type === 'object') {
    const wanted = propertiesOf(schema).filter(([name]) => all || schema.required?.includes(name) === true)
    return Object.fromEntries(wanted.map(([name, one]) => [name, sample(one, all)]))
  }
  return schema.format === 'date-time' ? '2026-01-01T00:00:00Z' : 'web'
}

/** Every place of a value with all its fields, and what belongs there. */
export function places(schema: JsonSchema, at: Place = []): Array<{ readonly at: Place; readonly schema: JsonSchema }> {
  const here = at.length === 0 ? [] : [{ at, schema }]
  const items = itemsOf(schema)
  if (schema.type === 'array' && items !== undefined) return [...here, ...places(items, [...at, 0])]
  return [...here, ...propertiesOf(schema).flatMap(([name, one]) => places(one, [...at, name]))]
}

/** A copy of it with another value at a place. */
export function replaced(value: unknown, at: Place, other: unknown): unknown {
  const [first, ...rest] = at
  if (first === undefined) return other
  const inner = (value as Record<string | number, unknown> | undefined)?.[first]
  const next = replaced(inner, rest, other)
  if (typeof first === 'number') return [next]
  return { ...(value as object | undefined), [first]: next }
}

/** Values of types that do not belong there. */
export function wrong(schema: JsonSchema): unknown[] {
  const types = new Set([schema, ...(schema.anyOf ?? [])].map(({ type }) => type))
  const values: ReadonlyArray<readonly [type: string, value: unknown]> = [
    ['string', 'nonsense'],
    ['integer', 7],
    ['number', 1.5],
    ['boolean', true],
    ['array', [[[]]]],
    ['object', { nonsense: { nonsense: 1 } }],
    ['null', null],
  ]
  return values.filter(([type]) => !types.has(type as 'string')).map(([, value]) => value)
}
