import { bounds } from './bounds.ts'

/** Reading what a file holds: each refusal names the field and what was expected. */

export class ShapeError extends Error {
  static override readonly name = 'ShapeError'
}

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  const text =
    typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

export function refuse(field: string, expected: string, got: unknown): never {
  throw new ShapeError(`${field}: expected ${expected}, got ${shown(got)}`)
}

export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown, field: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, 'an object', value)
  return value as Fields
}

export function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') refuse(field, 'a text', value)
  return value
}

export function numberOf(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(field, 'a number', value)
  return value
}

/** As records are numbered, and events counted. */
export function countOf(value: unknown, field: string): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) refuse(field, 'a whole number', value)
  return Number(value)
}

/** The last moment that a Date can tell, ms. */
const endOfTime = 8.64e15

export function timeOf(value: unknown, field: string): number {
  const time = numberOf(value, field)
  return Math.abs(time) > endOfTime ? refuse(field, 'a time in ms', time) : time
}

export function listOf<T>(value: unknown, field: string, most: number, read: (item: unknown, field: string) => T): readonly T[] {
  if (!Array.isArray(value)) refuse(field, 'a list', value)
  if (value.length > most) refuse(field, `at most ${most} of them`, value.length)
  return value.map((item, index) => read(item, `${field}[${index}]`))
}

export function oneOf<T extends string>(value: unknown, field: string, known: readonly T[]): T {
  const found = known.find((one) => one === value)
  if (found === undefined) refuse(field, known.map((one) => JSON.stringify(one)).join(' or '), value)
  return found
}

/** Anything, but not nested without end. */
export function anything(value: unknown, field: string, depth: number = bounds.recordingDepth): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) throw new ShapeError(`${field}: nested too deeply`)
  for (const inner of Object.values(value)) anything(inner, field, depth - 1)
  return value
}

/** A field that may be left out: then it is not in the answer either. */
export const optional = <K extends string, T>(
  fields: Fields,
  name: K,
  field: string,
  read: (value: unknown, field: string) => T,
): { readonly [key in K]?: T } => {
  const value = fields[name]
  return value === undefined ? {} : ({ [name]: read(value, `${field}.${name}`) } as { readonly [key in K]?: T })
}
