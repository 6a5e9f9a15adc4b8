import * as z from 'zod'
import type { ErrorCode } from './errors.ts'
import type { ControlRules } from './control-rules.ts'
import type { GroupSpec } from './group.ts'
import type { HookSpec } from './hook.ts'
import type { ConfigModes } from './mode.ts'
import type { ServiceSpec } from './service.ts'

/** The vocabulary of a reload: what a config says when it is read again, and what going over to it changes. */

const reloadChange = z.object({
  service: z.string(),
  change: z.enum(['added', 'changed', 'removed']),
  fields: z.array(z.string()).describe('of a changed one: which top-level fields differ, as the config names them'),
})
export type ReloadChange = z.infer<typeof reloadChange>

const groupChange = z.object({
  group: z.string(),
  change: z.enum(['added', 'changed', 'removed']),
  fields: z.array(z.string()).describe('of a changed one: which fields differ, as the config names them'),
})
export type GroupChange = z.infer<typeof groupChange>

/** What going over to a config changes. */
export interface ConfigChanges {
  readonly services: readonly ReloadChange[]
  readonly groups: readonly GroupChange[]
}

/** What `system.reload` answers. */
export const reloadAnswer = z.object({
  config: z.string().nullable().describe('path of the config that was read'),
  dry_run: z.boolean(),
  changes: z.array(reloadChange),
  groups: z.array(groupChange).describe('groups that change; their services are not touched by that'),
  unchanged: z.number().int().describe('services of the config that are not touched'),
  because: z.string().describe('the changes in words'),
  env_files: z.array(z.string()).describe('the env files of its services: what a watch looks at beside it'),
  warnings: z.array(z.string()).describe("the config's own, and what takes effect with the next start only"),
})
export type ReloadAnswer = z.infer<typeof reloadAnswer>

/** A config as it is read while the orchestrator runs. */
export interface ReadConfig {
  readonly path: string | null
  readonly services: readonly ServiceSpec[]
  /** Without it: none. */
  readonly groups?: readonly GroupSpec[]
  /** Who is told when something happens. Without it: nobody. */
  readonly hooks?: readonly HookSpec[] | undefined
  readonly warnings?: readonly string[]
  /** The mode in force; null, or nothing: none. */
  readonly mode?: string | null
  /** The services that it leaves out, with the modes in which they run. */
  readonly leftOut?: ReadonlyMap<string, readonly string[]>
  /** Which modes there are, and the way to each; without it: none. */
  readonly modes?: ConfigModes
  /** Absolute paths of the env files of its services. */
  readonly envFiles?: readonly string[]
  /** What takes effect with a start only, by the name that a person knows it by. Compared, never shown. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Who may come, and what may be run for them, from then on; without it, as it is now. */
  readonly rules?: ControlRules
  /** What children inherit from then on; without it, what they do now. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Why nothing was changed, as a caller is told. */
export interface ReloadRefusal {
  readonly code: ErrorCode
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The result of `reload.<id>`: one of the two. */
export interface ReloadResult {
  readonly answer: ReloadAnswer | null
  readonly refusal: ReloadRefusal | null
}

const words = { added: 'new', changed: 'changed', removed: 'gone' } as const

const kinds = ['added', 'changed', 'removed'] as const

/** `2 new, 1 changed, 1 gone; group backend changed`. */
export function changesInWords(changes: readonly ReloadChange[], groups: readonly GroupChange[] = []): string {
  const parts = kinds.flatMap((kind) => {
    const { length } = changes.filter(({ change }) => change === kind)
    return length === 0 ? [] : [`${length} ${words[kind]}`]
  })
  const ofGroups = kinds.flatMap((kind) => {
    const names = groups.filter(({ change }) => change === kind).map(({ group }) => group)
    return names.length === 0 ? [] : [`${names.length === 1 ? 'group' : 'groups'} ${names.join(', ')} ${words[kind]}`]
  })
  const all = [parts.join(', '), ...ofGroups].filter((part) => part !== '')
  return all.length === 0 ? 'nothing has changed' : all.join('; ')
}
