import { limits } from './limits.ts'

/** Where an actor is reached: `<kind>.<key>`, for example `service.web`. A key of the directory, never an XState id. */
export type Address = string

/** The kinds of actor that have an address. */
export const kinds = [
  'service',
  'process',
  'group',
  'restart',
  'rolling',
  'program',
  'schedule',
  'reload',
  'switch',
  'connection',
  'listener',
  'shutdown',
  'rotation',
  'hook',
  'lockdown',
  'login',
  'supervisor',
] as const
export type Kind = (typeof kinds)[number]

export const addressOf = (kind: Kind, key: string): Address => `${kind}.${key}`

/** Splits an address at its first dot; the key may hold more of them. */
export function parseAddress(address: Address): { readonly kind: string; readonly key: string } {
  const dot = address.indexOf('.')
  return dot < 0 ? { kind: address, key: '' } : { kind: address.slice(0, dot), key: address.slice(dot + 1) }
}

const namePattern = new RegExp(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,${limits.nameLength - 1}}$`)

/** A service name becomes a file name, a cgroup name and part of an address, so it is kept plain. */
export const isServiceName = (name: string): boolean => namePattern.test(name) && !name.includes('..')

export const serviceNameRule = `a letter, digit or underscore, then letters, digits, "_", "-" or ".", at most ${limits.nameLength} characters`
