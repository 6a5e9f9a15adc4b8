import type { HttpAsked } from '../../protocol/exchange.ts'
import type { JsonSchema } from '../../protocol/api.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import { isRecord, parseJson } from '../../protocol/json.ts'
import { nearest } from '../../protocol/nearest.ts'

/** What a command takes, out of a query string: its schema says what each text is meant to be. */

type Read = { readonly value: unknown } | undefined

const asObject = (text: string): Read => {
  try {
    const value = parseJson(text)
    return isRecord(value) ? { value } : undefined
  } catch {
    return undefined
  }
}

interface Kind {
  readonly expected: string
  read(text: string): Read
}
const text: Kind = { expected: 'a text', read: (value) => ({ value }) }

/** By the type that a schema names; what it does not name, or nobody knows, is a text. */
const kinds: Readonly<Record<string, Kind>> = {
  integer: { expected: 'a whole number', read: (given) => (/^[+-]?\d+$/.test(given) ? { value: Number(given) } : undefined) },
  number: {
    expected: 'a number',
    read: (given) => (given.trim() !== '' && Number.isFinite(Number(given)) ? { value: Number(given) } : undefined),
  },
  boolean: {
    expected: 'true or false',
    read: (given) => (given === 'true' || given === 'false' ? { value: given === 'true' } : undefined),
  },
  null: { expected: 'null', read: (given) => (given === 'null' ? { value: null } : undefined) },
  object: { expected: 'a JSON object', read: asObject },
  // An array is a name that comes several times, and there are none within others.
  array: { expected: 'no array', read: () => undefined },
}
const kindOf = ({ type }: JsonSchema): Kind => (typeof type === 'string' ? kinds[type] : undefined) ?? text
const choicesOf = ({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] | undefined => anyOf ?? oneOf

/** The value that a text stands for; undefined: none that this schema takes. */
function read(given: string, schema: JsonSchema): Read {
  const choices = choicesOf(schema)
  if (choices === undefined) return kindOf(schema).read(given)
  // Any text is a text, so that is the last that it is taken for.
  const inOrder = choices.toSorted((a, b) => Number(a.type === 'string') - Number(b.type === 'string'))
  for (const choice of inOrder) {
    const found = read(given, choice)
    if (found !== undefined) return found
  }
  return undefined
}

const expectedOf = (schema: JsonSchema): string => choicesOf(schema)?.map(expectedOf).join(' or ') ?? kindOf(schema).expected

function valueOf(name: string, texts: readonly string[], schema: JsonSchema): unknown {
  const one = (given: string, kind: JsonSchema, field: string): unknown => {
    const found = read(given, kind)
    if (found !== undefined) return found.value
    throw new HyphaeError('invalid_params', `${field}: expected ${expectedOf(kind)}`, { field })
  }
  if (schema.type === 'array') {
    const items: JsonSchema = isRecord(schema.items) ? schema.items : {}
    return texts.map((given, index) => one(given, items, `${name}.${index}`))
  }
  if (texts.length > 1)
    throw new HyphaeError('invalid_params', `${name}: expected once, not ${texts.length} times`, { field: name })
  return one(texts[0] ?? '', schema, name)
}

export function inputOf(query: HttpAsked['query'], schema: JsonSchema): Record<string, unknown> {
  const properties = new Map(Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>))
  const given = new Map<string, string[]>()
  for (const [name, value] of query) {
    const values = given.get(name)
    if (values === undefined) given.set(name, [value])
    else values.push(value)
  }
  const input: Record<string, unknown> = {}
  for (const [name, texts] of given) {
    const property = properties.get(name)
    if (property === undefined) {
      const near = nearest(name, properties.keys())
      const known = properties.size === 0 ? 'it takes none' : `it takes ${[...properties.keys()].join(', ')}`
      const hint = near === undefined ? known : `did you mean "${near}"?`
      throw new HyphaeError('invalid_params', `${JSON.stringify(name.slice(0, 100))}: there is no such parameter; ${hint}`, {
        field: name.slice(0, 100),
      })
    }
    input[name] = valueOf(name, texts, property)
  }
  return input
}
