import type * as z from 'zod'
import { HyphaeError } from './errors.ts'
import { limits } from './limits.ts'

const named = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

const expectedOf: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** In words of our own where a value is missing, or of another type than it should be. */
export const inOurWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'unrecognized_keys') return `there is no field "${issue.keys[0] ?? ''}"`
  if (issue.code !== 'invalid_type') return undefined
  const expected = expectedOf[issue.expected] ?? issue.expected
  return issue.input === undefined ? `missing, expected ${expected}` : `expected ${expected}, got ${named(issue.input)}`
}

/** The first issue of a failed parse, as our error: which field, what was expected. */
export function invalidParams(error: z.ZodError): HyphaeError {
  const issue = error.issues[0]
  const at = (issue?.path ?? []).map(String)
  // What nobody knows is the field itself, and not the object that it stands in.
  const field = (issue?.code === 'unrecognized_keys' ? [...at, issue.keys[0] ?? ''] : at).join('.')
  const within = at.length === 0 ? 'params' : at.join('.')
  const message = issue === undefined ? 'invalid input' : `${within}: ${issue.message}`.slice(0, limits.quotedText)
  return new HyphaeError('invalid_params', message, { field, issues: error.issues.length })
}
