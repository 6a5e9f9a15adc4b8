import type * as z from 'zod'
import type { Checker } from './checker.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Path } from './report.ts'
import { isSecretField } from './secrets.ts'

/** Longest value that is quoted in an error, characters. */
const quotedValue = 60

/**
 * Checks one value of the file against its schema. Everything that is wrong is told to the checker.
 * Returns the value as the schema makes it, or undefined when something was wrong.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: Path,
  checker: Checker,
): z.output<Schema> | undefined {
  const result = schema.safeParse(value, { error: (issue) => expectation(issue) })
  if (result.success) return result.data
  for (const issue of result.error.issues) explain(issue, path, checker)
  return undefined
}

/** The text of an issue is what was expected, as it is said after the word "expected". */
function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    return values.length === 1 ? values[0] : `one of ${values.join(', ')}`
  }
  return issue.code === 'invalid_type' ? (typeNames[issue.expected] ?? issue.expected) : undefined
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
}

function explain(issue: z.core.$ZodIssue, above: Path, checker: Checker): void {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, path, checker)
  if (issue.code === 'invalid_key') {
    return checker.error(path, { expected: issue.issues[0]?.message ?? 'another name', got: shown(path.at(-1)) }, 'key')
  }
  const value = checker.tree.at(path)
  if (issue.code === 'invalid_union') {
    const fitting = fittingBranch(issue)
    if (fitting !== undefined) return fitting.forEach((inner) => explain(inner, path, checker))
  }
  if (value === undefined) return checker.error(path, { message: 'is required', expected: issue.message })
  checker.error(path, {
    expected: issue.message,
    got: isSecret(path) ? undefined : shown(value, issue.message),
    suggestion:
      issue.code === 'invalid_value' && typeof value === 'string' ? nearest(value, issue.values.map(String)) : undefined,
  })
}

function unknownKeys({ keys, message }: z.core.$ZodIssueUnrecognizedKeys, path: Path, checker: Checker): void {
  for (const key of keys) {
    const suggestion = nearest(key, message.split(', '))
    const finding = suggestion === undefined ? { expected: `one of ${message}` } : { suggestion }
    checker.error([...path, key], { message: unknownKey(finding.expected), ...finding }, 'key')
  }
}

const unknownKey = (expected: string | undefined): string =>
  `is no field of this block${expected === undefined ? '' : `; expected ${expected}`}`

/** Of several forms that a value may have, the one that it was meant to have: the only one whose type it has. */
function fittingBranch({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const fitting = errors.filter(
    (issues) => !issues.some(({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')),
  )
  return fitting.length === 1 ? fitting[0] : undefined
}

/** A value in an error message. Where a list was expected, an empty one is told as that. */
function shown(value: unknown, expected: string = ''): string {
  if (Array.isArray(value)) return value.length === 0 && expected.startsWith('a list') ? 'an empty list' : 'a list'
  if (value === null) return 'nothing'
  if (typeof value === 'object') return 'a map'
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value)
  return text.length > quotedValue ? `${text.slice(0, quotedValue)}…` : text
}

/** The name of a service makes no secret of what is below it. */
const isSecret = (path: Path): boolean => path.slice(path[1] === 'services' ? 3 : 0).some(isSecretField)
