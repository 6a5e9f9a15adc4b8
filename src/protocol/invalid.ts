import type * as z from 'zod'
import { HyphaeError } from './errors.ts'
import { limits } from './limits.ts'

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
