import { parseConfig, type LoadedConfig } from '../../src/config/load.ts'
import { ConfigError, type ConfigProblem } from '../../src/config/errors.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'

export type Env = Readonly<Record<string, string>>

/** A folder that exists, so that no warning is about it. */
export const folder = import.meta.dirname

export const configOf = (text: string, env: Env = {}): LoadedConfig => parseConfig(text, { path: `${folder}/hyphae.yaml`, env })

/** The one service of `fields`, which stand below it as YAML flow entries. */
export function serviceOf(fields: string, supervisor = '', env: Env = {}): ServiceSpec {
  const [service] = configOf(
    `supervisor: { ${supervisor === '' ? '' : `${supervisor}, `}services: { web: { ${fields} } } }`,
    env,
  ).services
  if (service === undefined) throw new Error('there is no service')
  return service
}

/** Everything that is wrong with a text; empty when it is right. */
export function faultsOf(text: string, env: Env = {}): readonly ConfigProblem[] {
  try {
    configOf(text, env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

export const brief = ({ line, column, field, message, suggestion }: ConfigProblem): string =>
  `${line}:${column} ${field === '' ? '' : `${field}: `}${message}${suggestion === undefined ? '' : ` (${suggestion}?)`}`

/** `line:column field: message (suggestion?)` of everything that is wrong. */
export const problemsOf = (text: string, env: Env = {}): string[] => faultsOf(text, env).map(brief)

export const warningsOf = (text: string, env: Env = {}): string[] => configOf(text, env).warnings.map(brief)
