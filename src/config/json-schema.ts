import * as z from 'zod'
import { fileSchema } from './schema.ts'

type Node = z.core.JSONSchema.BaseSchema

/** A text that a variable fills in may stand where a number, true, false or a certain word is expected. */
const filledIn = { type: 'string', pattern: String.raw`\$\{` } as const

const isText = ({ type, pattern, enum: values, const: value }: Node): boolean =>
  type === 'string' && pattern === undefined && values === undefined && value === undefined

/** Lets a variable stand for a value; a choice that takes any text does so already. */
function admitVariables(node: Node, path: ReadonlyArray<string | number>): void {
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
  // A choice is completed as a whole, not in each of its forms.
  if (path.at(-2) === 'anyOf') return
  if (node.anyOf !== undefined) {
    const scalars = node.anyOf.some(({ type, const: value }) => type === 'integer' || value !== undefined)
    const done = node.anyOf.some((form) => isText(form) || form.pattern === filledIn.pattern)
    if (scalars && !done) node.anyOf.push(filledIn)
    return
  }
  const { type, minimum, maximum, enum: values } = node
  if (type !== 'number' && type !== 'integer' && type !== 'boolean' && values === undefined) return
  const form = { type, minimum, maximum, enum: values }
  for (const key of ['type', 'minimum', 'maximum', 'enum'] as const) delete node[key]
  node.anyOf = [JSON.parse(JSON.stringify(form)) as Node, filledIn]
}

/** The JSON Schema of the file as it is written, for editors. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(fileSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema, path }) => admitVariables(jsonSchema, path),
  })
  return { ...schema, title: 'Hyphae', description: 'The config of Hyphae, hyphae.yaml.' }
}

/** The text of schema/hyphae.schema.json. */
export const configJsonSchemaText = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`
