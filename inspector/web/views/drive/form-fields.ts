import { bounds } from '../bounds.ts'

/** Forms from JSON Schema: which fields there are. */

export interface NamedField {
  readonly name: string
  readonly required: boolean
  readonly field: Field
}

type Kind =
  | { readonly kind: 'constant'; readonly value: unknown }
  | { readonly kind: 'choice'; readonly options: readonly unknown[] }
  | { readonly kind: 'yes-no' }
  | { readonly kind: 'number'; readonly whole: boolean; readonly least: number | null; readonly most: number | null }
  | {
      readonly kind: 'text'
      readonly shortest: number
      readonly longest: number | null
      readonly pattern: string | null
      readonly format: string | null
    }
  | { readonly kind: 'list'; readonly item: Field; readonly fewest: number; readonly most: number | null }
  /** Names that whoever fills it in chooses. */
  | { readonly kind: 'map'; readonly value: Field }
  | { readonly kind: 'object'; readonly fields: readonly NamedField[] }
  /** Nothing better is known: it is written as JSON. */
  | { readonly kind: 'json' }

export type Field = Kind & { readonly description: string; readonly usual: unknown }

type Schema = Readonly<Record<string, unknown>>

export const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : [])

/** Of `#/$defs/name`. */
function referred(schema: Schema, root: Schema): Schema {
  const path = textOf(schema['$ref'])
  if (!path.startsWith('#')) return schema
  const steps = path.split('/').slice(1)
  const found = steps.reduce<unknown>((at, step) => (isSchema(at) ? at[step] : undefined), root)
  return isSchema(found) ? { ...found, ...schema, $ref: undefined } : {}
}

/** A value or null: the value, which may be left out. */
function withoutNull(schema: Schema): Schema {
  const { type } = schema
  if (Array.isArray(type)) {
    const types = type.filter((one) => one !== 'null') as readonly unknown[]
    return types.length === 1 ? { ...schema, type: types[0] } : schema
  }
  const ways = listOf(schema['anyOf'] ?? schema['oneOf'])
  const others = ways.filter((way) => isSchema(way) && way['type'] !== 'null')
  const [only] = others
  if (others.length === 1 && isSchema(only)) return { ...only, ...schema, anyOf: undefined, oneOf: undefined }
  // Several constants are a choice.
  const constants = ways.flatMap((way) => (isSchema(way) && 'const' in way ? [way['const']] : []))
  return constants.length > 0 && constants.length === ways.length ? { ...schema, enum: constants } : schema
}

export function fieldOf(given: unknown, root: unknown = given, depth = 0): Field {
  const whole = isSchema(root) ? root : {}
  const schema = withoutNull(referred(isSchema(given) ? given : {}, whole))
  const common = { description: textOf(schema['description']), usual: schema['default'] }
  if ('const' in schema) return { ...common, kind: 'constant', value: schema['const'] }
  if (Array.isArray(schema['enum'])) return { ...common, kind: 'choice', options: schema['enum'] as readonly unknown[] }
  if (depth > bounds.formDepth) return { ...common, kind: 'json' }
  const of = (inner: unknown): Field => fieldOf(inner, root, depth + 1)
  switch (schema['type']) {
    case 'boolean':
      return { ...common, kind: 'yes-no' }
    case 'integer':
    case 'number':
      return {
        ...common,
        kind: 'number',
        whole: schema['type'] === 'integer',
        least: numberOf(schema['minimum']),
        most: numberOf(schema['maximum']),
      }
    case 'string':
      return {
        ...common,
        kind: 'text',
        shortest: numberOf(schema['minLength']) ?? 0,
        longest: numberOf(schema['maxLength']),
        pattern: textOf(schema['pattern']) || null,
        format: textOf(schema['format']) || null,
      }
    case 'array':
      return {
        ...common,
        kind: 'list',
        item: of(schema['items']),
        fewest: numberOf(schema['minItems']) ?? 0,
        most: numberOf(schema['maxItems']),
      }
    case 'object': {
      const { properties, additionalProperties: others } = schema
      if (isSchema(properties)) {
        const required = new Set(listOf(schema['required']))
        const fields = Object.entries(properties).map(([name, inner]): NamedField => ({
          name,
          required: required.has(name),
          field: of(inner),
        }))
        return { ...common, kind: 'object', fields }
      }
      return isSchema(others) ? { ...common, kind: 'map', value: of(others) } : { ...common, kind: 'json' }
    }
    default:
      return { ...common, kind: 'json' }
  }
}

/** Without these fields of an object. */
export const without = (field: Field, names: readonly string[]): Field =>
  field.kind === 'object' ? { ...field, fields: field.fields.filter(({ name }) => !names.includes(name)) } : field

/** Is there anything to fill in? */
export const needsInput = (field: Field): boolean =>
  field.kind === 'object' ? field.fields.some((one) => one.field.kind !== 'constant') : field.kind !== 'constant'
