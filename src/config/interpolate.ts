/** Environment variables by name; `process.env` is one. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Why a text could not be filled in. */
export interface Fault {
  /** The variable that is not set; null when what follows `${` is no variable. */
  readonly name: string | null
  /** Which `${` of the text, from 0. */
  readonly index: number
}

/** `$${`, or `${`, with what makes it a reference where it is one. A default may hold no reference of its own. */
const reference = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{)[^}])*))?\})?/g

/**
 * Fills in `${VAR}` and `${VAR:-default}` (the default also when VAR is empty); `$${` stands for a literal `${`.
 * What can't be filled in stays as it is and is told as a fault.
 */
export function interpolate(text: string, env: Environment): { readonly text: string; readonly faults: readonly Fault[] } {
  const faults: Fault[] = []
  let index = -1
  const filled = text.replaceAll(reference, (whole: string, name: string | undefined, fallback: string | undefined) => {
    index += 1
    if (whole === '$${') return '${'
    if (name === undefined) {
      faults.push({ name: null, index })
      return whole
    }
    const value = variable(env, name)
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) faults.push({ name, index })
    return value ?? whole
  })
  return { text: filled, faults }
}

/** The names of the variables that a text refers to. */
export function variablesIn(text: string): string[] {
  return Array.from(text.matchAll(reference), (match) => match[1]).filter((name) => name !== undefined)
}

/** A variable of the environment itself, never something that its object inherits. */
export const variable = (env: Environment, name: string): string | undefined =>
  Object.hasOwn(env, name) && typeof env[name] === 'string' ? env[name] : undefined

/** A variable that is set and not empty. */
export const setting = (env: Environment, name: string): string | undefined => {
  const value = variable(env, name)
  return value === '' ? undefined : value
}
