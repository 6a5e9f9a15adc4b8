import * as z from 'zod'
import { inputSchemaOf, type JsonSchema } from '../protocol/api.ts'
import type { Command } from '../protocol/command.ts'
import { isRecord } from '../protocol/json.ts'
import type { Schema } from './api-part.ts'

/** Schemas of commands, as a document shows them. */

const inSchema = '#/$defs/'
const inDocument = '#/components/schemas/'

/**
 * Without what says nothing to a reader: a bound that every number has, and the pattern of what has a format. What a schema
 * defines for itself is defined by the document: within one a reference is one to the whole document.
 */
function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain)
  if (!isRecord(node)) return node
  const shown = Object.entries(node).filter(
    ([key, value]) =>
      key !== '$schema' &&
      key !== '$defs' &&
      !(key === 'maximum' && value === Number.MAX_SAFE_INTEGER) &&
      !(key === 'minimum' && value === Number.MIN_SAFE_INTEGER) &&
      !(key === 'pattern' && typeof node['format'] === 'string'),
  )
  return Object.fromEntries(
    shown.map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? value.replace(inSchema, inDocument) : plain(value),
    ]),
  )
}

export const shownInput = (command: Command): Schema => plain(inputSchemaOf(command)) as Schema

/** As it goes over the wire, where nobody has filled anything in or left anything out. */
export const shownOutput = (output: z.ZodType): Schema =>
  plain(z.toJSONSchema(output, { io: 'input', unrepresentable: 'any' })) as Schema

/** What the schemas of these refer to by name: what is made of itself can be said in no other way. */
export function definitionsOf(outputs: readonly z.ZodType[]): Readonly<Record<string, Schema>> {
  const found: Record<string, Schema> = {}
  for (const output of outputs) {
    const { $defs = {} } = z.toJSONSchema(output, { io: 'input', unrepresentable: 'any' })
    for (const [name, schema] of Object.entries($defs)) found[name] = plain(schema) as Schema
  }
  return found
}

export const propertiesOf = ({ properties }: Schema): Array<[name: string, schema: JsonSchema]> =>
  Object.entries((properties ?? {}) as Record<string, JsonSchema>)

export const requiredOf = ({ required }: Schema): ReadonlySet<string> => new Set((required ?? []) as string[])

/** The least input that is right, with the examples that its definition gives. */
export function example(schema: JsonSchema): unknown {
  const [given] = schema.examples ?? []
  if (given !== undefined) return given
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  const { type } = schema
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0
  if (type === 'boolean') return false
  if (type === 'array') return isRecord(schema.items) ? [example(schema.items)] : []
  if (type !== 'object') return ''
  const required = requiredOf(schema)
  const wanted = propertiesOf(schema).filter(([name]) => required.has(name))
  return Object.fromEntries(wanted.map(([name, one]) => [name, example(one)]))
}
