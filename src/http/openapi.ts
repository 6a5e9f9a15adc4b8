import { errorCodes } from '../protocol/errors.ts'
import { isRecord } from '../protocol/json.ts'
import type { ApiPart, Schema } from './api-part.ts'

/** The OpenAPI 3.1 document of everything that is served. */

export interface OpenApi {
  readonly openapi: '3.1.1'
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: ReadonlyArray<{ readonly url: string }>
  readonly security: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
  readonly tags: ReadonlyArray<ApiPart['tag']>
  readonly paths: ApiPart['paths']
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly securitySchemes: Readonly<Record<string, unknown>>
  }
}

const error: Schema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: Object.keys(errorCodes) },
        message: { type: 'string', description: 'what is wrong, and what to do' },
        data: {
          type: 'object',
          description: 'by code: `field` is the one that is wrong, `rule` the one that refused',
          additionalProperties: true,
        },
      },
    },
  },
}

/** A schema that refers to itself names itself within itself; in one document of many there is one place for all that have names. */
function placed<T>(node: T, named: Record<string, Schema>): T {
  if (Array.isArray(node)) return node.map((one: unknown) => placed(one, named)) as T
  if (!isRecord(node)) return node
  const rest = Object.entries(node).flatMap(([key, value]): Array<[string, unknown]> => {
    if (key === '$ref' && typeof value === 'string') return [[key, value.replace(/^#\/\$defs\//, '#/components/schemas/')]]
    if (key !== '$defs' || !isRecord(value)) return [[key, placed(value, named)]]
    for (const [name, schema] of Object.entries(value)) named[name] = placed(schema as Schema, named)
    return []
  })
  return Object.fromEntries(rest) as T
}

export function openApi(version: string, parts: readonly ApiPart[]): OpenApi {
  const named: Record<string, Schema> = { Error: error }
  for (const { schemas = {} } of parts) Object.assign(named, placed(schemas, named))
  return {
    openapi: '3.1.1',
    info: {
      title: 'Hyphae',
      version,
      summary: 'Services, their logs and events, and everything that may be asked of them.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    // Whoever is on this machine may need no token.
    security: [{ bearer: [] }, {}],
    tags: parts.map(({ tag }) => tag),
    paths: placed(Object.assign({}, ...parts.map(({ paths }) => paths)) as ApiPart['paths'], named),
    components: {
      schemas: named,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token of the config' } },
    },
  }
}
