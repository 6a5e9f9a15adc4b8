import type * as z from 'zod'
import { HyphaeError } from '../../protocol/errors.ts'
import { inOurWords } from '../../protocol/invalid.ts'
import { hasAtMost, parseJson } from '../../protocol/json.ts'
import { limits } from '../../protocol/limits.ts'

/** The body of a request as an object of known fields, or what is wrong with it and where. Fields that are not known are ignored. */

export interface BadBody {
  readonly status: 400 | 413
  readonly field: string
  readonly message: string
}

export type ReadBody<T> = { readonly value: T } | { readonly bad: BadBody }

const cut = (words: string): string => words.slice(0, limits.quotedText)

const bad = (field: string, message: string, status: BadBody['status'] = 400): { readonly bad: BadBody } => ({
  bad: { status, field: cut(field), message: cut(`${field}: ${message}`) },
})

/** `optional`: nothing at all is as good as an empty object. */
export function readBody<T>(schema: z.ZodType<T>, text: string, optional = false): ReadBody<T> {
  if (text.trim() === '' && !optional) return bad('body', 'missing, expected a JSON object')
  let given: unknown
  try {
    given = text.trim() === '' ? {} : parseJson(text)
  } catch (error) {
    const known = error instanceof HyphaeError ? error : new HyphaeError('parse_error', 'not valid JSON')
    return bad('body', known.message, known.code === 'too_large' ? 413 : 400)
  }
  // A schema looks at every value and names each fault, so what is far too much is refused before.
  if (!hasAtMost(limits.inputValues, given)) return bad('body', `it may hold at most ${limits.inputValues} values`, 413)
  const parsed = schema.safeParse(given, { error: inOurWords })
  if (parsed.success) return { value: parsed.data }
  const issue = parsed.error.issues[0]
  const field = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.map(String).join('.')
  const why = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message
  return bad(field, why ?? 'not what is expected')
}
