import type * as z from 'zod'
import { groupEvent } from './group.ts'
import type { Kind } from './ids.ts'
import { loginEvent } from './login.ts'
import { processEvent, serviceEvent } from './service.ts'

/** The events that `actor.send` admits, by kind of actor. A kind that is not listed takes none. */
export const publicEvents: Partial<Record<Kind, z.ZodDiscriminatedUnion>> = {
  service: serviceEvent,
  process: processEvent,
  group: groupEvent,
  login: loginEvent,
}

/** The event types of a kind's public schema. */
export function publicEventTypes(kind: string): string[] {
  const schema = Object.hasOwn(publicEvents, kind) ? publicEvents[kind as Kind] : undefined
  if (schema === undefined) return []
  return schema.options.flatMap((option) => Array.from((option as z.ZodObject<{ type: z.ZodLiteral<string> }>).shape.type.values))
}
