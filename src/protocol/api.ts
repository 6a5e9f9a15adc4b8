import * as z from 'zod'
import type { Command } from './command.ts'

/** Where commands are in the API over HTTP, and by which methods: `service.restart` is `POST /api/v1/service/restart`. */

export const apiRoot = '/api/v1'

/** The one path beside those of commands: the fleet in figures. */
export const apiStatusPath = `${apiRoot}/status`

export const apiPathOf = (command: string): string => `${apiRoot}/${command.replace('.', '/')}`

/** What reads may be linked to and repeated; what changes something may not. */
export const apiMethods: Readonly<Record<Command['kind'], readonly string[]>> = {
  query: ['GET', 'HEAD', 'POST'],
  mutation: ['POST'],
  stream: ['GET', 'HEAD'],
}

export type JsonSchema = z.core.JSONSchema.BaseSchema

const schemas = new WeakMap<z.ZodType, JsonSchema>()

/** What a command takes, as JSON Schema of the draft 2020-12. */
export function inputSchemaOf({ input }: Pick<Command, 'input'>): JsonSchema {
  const known = schemas.get(input) ?? z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  schemas.set(input, known)
  return known
}
