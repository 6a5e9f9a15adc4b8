import { errorCodes } from '../protocol/errors.ts'
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

export const openApi = (version: string, parts: readonly ApiPart[]): OpenApi => ({
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
  paths: Object.assign({}, ...parts.map(({ paths }) => paths)) as ApiPart['paths'],
  components: {
    schemas: Object.assign({ Error: error }, ...parts.map(({ schemas = {} }) => schemas)) as Record<string, Schema>,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token of the config' } },
  },
})
