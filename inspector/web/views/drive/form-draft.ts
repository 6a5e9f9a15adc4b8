import { isSchema, type Field } from './form-fields.ts'

/** What has been filled in so far, and the value that it makes. */

export type Draft = string | boolean | null | readonly Draft[] | { readonly [name: string]: Draft }

/** One line of a map: a name and a value. */
export const pairOf = (draft: Draft): { readonly name: string; readonly value: Draft } => {
  const pair = isDrafts(draft) ? draft : {}
  const { name, value = '' } = pair
  return { name: typeof name === 'string' ? name : '', value }
}

export const isDrafts = (draft: Draft | undefined): draft is { readonly [name: string]: Draft } =>
  typeof draft === 'object' && draft !== null && !Array.isArray(draft)
export const listOf = (draft: Draft | undefined): readonly Draft[] => (Array.isArray(draft) ? (draft as readonly Draft[]) : [])

const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** How a form begins: with this value, else with what is usual. */
export function draftOf(field: Field, given: unknown = field.usual, required = true): Draft {
  switch (field.kind) {
    case 'constant':
      return null
    case 'yes-no':
      return typeof given === 'boolean' ? given : required ? false : null
    case 'choice':
      return given === undefined ? (required ? JSON.stringify(field.options[0] ?? null) : '') : JSON.stringify(given)
    case 'number':
    case 'text':
      return textOf(given)
    case 'json':
      return given === undefined ? '' : JSON.stringify(given, null, 2)
    case 'list':
      return Array.isArray(given) ? given.map((one: unknown) => draftOf(field.item, one)) : []
    case 'map':
      return isSchema(given) ? Object.entries(given).map(([name, value]) => ({ name, value: draftOf(field.value, value) })) : []
    case 'object': {
      const known = isSchema(given) ? given : {}
      return Object.fromEntries(
        field.fields.map((one) => [one.name, draftOf(one.field, known[one.name] ?? one.field.usual, one.required)]),
      )
    }
  }
}

export interface Filled {
  /** undefined: left out. */
  readonly value: unknown
  /** By path: `args.0`. */
  readonly errors: ReadonlyMap<string, string>
}

const under = (path: string, name: string | number): string => (path === '' ? String(name) : `${path}.${name}`)

function numberError(text: string, { whole, least, most }: Extract<Field, { kind: 'number' }>): string | null {
  const value = Number(text)
  const what = whole ? 'a whole number' : 'a number'
  const bounds =
    least !== null && most !== null
      ? ` from ${least} to ${most}`
      : least !== null
        ? ` of at least ${least}`
        : most !== null
          ? ` of at most ${most}`
          : ''
  const wrong =
    !Number.isFinite(value) ||
    (whole && !Number.isInteger(value)) ||
    (least !== null && value < least) ||
    (most !== null && value > most)
  return wrong ? `expected ${what}${bounds}` : null
}

function textError(text: string, { shortest, longest, pattern }: Extract<Field, { kind: 'text' }>): string | null {
  if (text.length < shortest) return `expected at least ${shortest} characters`
  if (longest !== null && text.length > longest) return `expected at most ${longest} characters`
  try {
    // A pattern that this browser does not understand is looked at by the server.
    return pattern !== null && !new RegExp(pattern, 'u').test(text) ? `expected text like ${pattern}` : null
  } catch {
    return null
  }
}

/** The value of what has been filled in; what is optional and empty is left out. */
export function fill(field: Field, draft: Draft, required = true, path = ''): Filled {
  const errors = new Map<string, string>()
  const value = collect(field, draft, required, path, errors)
  return { value, errors }
}

function collect(field: Field, draft: Draft, required: boolean, path: string, errors: Map<string, string>): unknown {
  const fault = (because: string | null): undefined => {
    if (because !== null) errors.set(path, because)
  }
  switch (field.kind) {
    case 'constant':
      return field.value
    case 'yes-no':
      return typeof draft === 'boolean' ? draft : undefined
    case 'choice':
      if (draft === '' || typeof draft !== 'string') return fault(required ? 'expected a choice' : null)
      return JSON.parse(draft) as unknown
    case 'number': {
      const text = typeof draft === 'string' ? draft.trim() : ''
      if (text === '') return fault(required ? 'expected a number' : null)
      fault(numberError(text, field))
      return Number(text)
    }
    case 'text': {
      const text = typeof draft === 'string' ? draft : ''
      if (text === '' && !required) return undefined
      fault(textError(text, field))
      return text
    }
    case 'json': {
      const text = typeof draft === 'string' ? draft.trim() : ''
      if (text === '') return fault(required ? 'expected JSON' : null)
      try {
        return JSON.parse(text) as unknown
      } catch (error) {
        return fault(`expected JSON: ${error instanceof Error ? error.message : 'it is none'}`)
      }
    }
    case 'list': {
      const items = listOf(draft)
      if (items.length === 0 && !required) return undefined
      if (items.length < field.fewest) fault(`expected at least ${field.fewest}`)
      if (field.most !== null && items.length > field.most) fault(`expected at most ${field.most}`)
      return items.map((item, index) => collect(field.item, item, true, under(path, index), errors))
    }
    case 'map': {
      const pairs = listOf(draft).map(pairOf)
      if (pairs.length === 0 && !required) return undefined
      const names = pairs.map(({ name }) => name)
      names.forEach((name, index) => {
        if (name === '') errors.set(under(path, index), 'expected a name')
        else if (names.indexOf(name) !== index) errors.set(under(path, index), 'this name is there already')
      })
      return Object.fromEntries(
        pairs.map(({ name, value }) => [name, collect(field.value, value, true, under(path, name), errors)]),
      )
    }
    case 'object': {
      const drafts = isDrafts(draft) ? draft : {}
      const isEmpty = !required && field.fields.every((one) => isUntouched(one.field, drafts[one.name] ?? null))
      if (isEmpty) return undefined
      const entries = field.fields.flatMap((one): Array<[string, unknown]> => {
        const inner = collect(one.field, drafts[one.name] ?? null, one.required, under(path, one.name), errors)
        return inner === undefined ? [] : [[one.name, inner]]
      })
      return Object.fromEntries(entries)
    }
  }
}

/** Has nobody filled in anything in an optional part? */
function isUntouched(field: Field, draft: Draft): boolean {
  if (field.kind === 'constant') return true
  if (field.kind === 'object') {
    const drafts = isDrafts(draft) ? draft : {}
    return field.fields.every((one) => isUntouched(one.field, drafts[one.name] ?? null))
  }
  if (Array.isArray(draft)) return draft.length === 0
  if (field.usual !== undefined) return JSON.stringify(draft) === JSON.stringify(draftOf(field))
  return draft === '' || draft === null || (field.kind === 'yes-no' && draft === false)
}
