import type { JsonSchema } from '../protocol/api.ts'
import { isRecord } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import { propertiesOf, requiredOf } from './command-schema.ts'

/** A schema as rows of a table: each field with its type, and those within it below it. */

export interface Row {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

const choicesOf = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] => anyOf ?? oneOf ?? []

const boundsOf = ({ minimum, maximum }: JsonSchema): string => {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`
  return maximum === undefined ? '' : `, at most ${maximum}`
}

/** Several of them, where that is one word. */
const severalOf = (type: string): string => (/^[a-z]+$/.test(type) ? `${type}s` : type)

export function typeOf(schema: JsonSchema): string {
  const choices = choicesOf(schema)
  if (choices.length > 0) return [...new Set(choices.map(typeOf))].join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' or ')
  // What refers to itself is told by its name.
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  const { type, items, additionalProperties, format } = schema
  if (type === 'array') return isRecord(items) ? `list of ${severalOf(typeOf(items))}` : 'list'
  if (type === 'object' && isRecord(additionalProperties) && Object.keys(additionalProperties).length > 0)
    return `object of ${severalOf(typeOf(additionalProperties))}`
  if (type === 'integer') return `integer${boundsOf(schema)}`
  if (format === 'date-time') return 'time (ISO 8601)'
  return typeof type === 'string' ? type : 'anything'
}

/** What stands within: the fields of an object, of each in a list, and of each choice. */
function withinOf(schema: JsonSchema): JsonSchema[] {
  if (schema.type === 'array') return isRecord(schema.items) ? withinOf(schema.items) : []
  const choices = choicesOf(schema)
  if (choices.length > 0) return choices.flatMap(withinOf)
  if (isRecord(schema.additionalProperties)) return withinOf(schema.additionalProperties)
  return schema.type === 'object' ? [schema] : []
}

function nameOf(name: string, schema: JsonSchema): string {
  if (schema.type === 'array') return `${name}[]`
  return isRecord(schema.additionalProperties) ? `${name}.*` : name
}

export function rowsOf(schema: JsonSchema, at = '', depth = 0): Row[] {
  const rows = new Map<string, Row>()
  const add = (name: string, property: JsonSchema, required: boolean): void => {
    // Choices may have a field in common.
    if (rows.has(name)) return
    const { description = '', default: usual } = property
    const without = usual === undefined ? [] : [`without it \`${JSON.stringify(usual)}\``]
    const told = [...(description === '' ? [] : [description]), ...without].join('; ')
    rows.set(name, { name, type: typeOf(property), required, description: told })
    if (depth >= limits.shownDepth) return
    for (const row of rowsOf(property, `${nameOf(name, property)}.`, depth + 1)) rows.set(row.name, row)
  }
  for (const one of withinOf(schema)) {
    const required = requiredOf(one)
    for (const [key, property] of propertiesOf(one)) add(`${at}${key}`, property, required.has(key))
  }
  return [...rows.values()]
}
