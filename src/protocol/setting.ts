import type { ServiceSpec } from './service.ts'

/** How a service is started, beside what the config says. */

/** What was changed by hand since the config was read: arguments in place of the configured ones, variables on top of them. */
export interface Overrides {
  readonly args?: readonly string[] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** What one restart changes. */
export interface Change extends Overrides {
  /** false: for that run alone; the next one is started as before. */
  readonly remember: boolean
}

export interface Setting {
  /** What its next start uses. */
  readonly spec: ServiceSpec
  /** What of it is remembered until the config is read again. */
  readonly overrides: Overrides | null
  /** What the start after the next uses; null: the same. */
  readonly back: ServiceSpec | null
}

/** A spec with these changes in it. */
export const overridden = (spec: ServiceSpec, overrides: Overrides | null | undefined): ServiceSpec =>
  overrides == null ? spec : { ...spec, args: overrides.args ?? spec.args, env: { ...spec.env, ...overrides.env } }

/** The setting after a change: what was changed before holds on where the change does not say otherwise. */
export function changedBy({ spec, overrides, back }: Setting, { args, env, remember }: Change): Setting {
  const usual = back ?? spec
  const changed = overridden(usual, { args, env })
  if (!remember) return { spec: changed, overrides, back: usual }
  return { spec: changed, overrides: { args: args ?? overrides?.args, env: { ...overrides?.env, ...env } }, back: null }
}
