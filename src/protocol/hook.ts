/** The vocabulary of hooks: what somebody outside is told when something happens to a service. */

export const hookEvents = [
  'crashed',
  'gave_up',
  'failed',
  'unhealthy',
  'recovered',
  'restarted',
  'ready',
  'stopped',
  'completed',
  'fault',
  'mended',
  'lockdown',
] as const
export type HookEvent = (typeof hookEvents)[number]

export type HookTarget =
  /** Never through a shell. */
  | { readonly type: 'exec'; readonly argv: readonly string[] }
  | {
      readonly type: 'webhook'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      /** Signs the body; null: it is not signed. */
      readonly secret: string | null
    }

/** A hook of the config, in full. Its target may hold secrets: it is for whoever delivers, and for nobody's eyes. */
export interface HookSpec {
  readonly name: string
  readonly events: readonly HookEvent[]
  /** Only events of these, and of these groups; null: of all. What is about no service is told all the same. */
  readonly services: readonly string[] | null
  readonly groups: readonly string[] | null
  readonly target: HookTarget
  /** How long one try may take, ms. */
  readonly timeout: number
  /** Tries after the first. */
  readonly retries: number
  /** Before the second try, ms; each later delay is twice the one before. */
  readonly delay: number
}

/** What is told, as JSON. */
export interface HookPayload {
  /** Names this delivery; every try of it carries the same. */
  readonly delivery: string
  readonly hook: string
  readonly event: HookEvent
  /** null: it is about no service. */
  readonly service: string | null
  readonly reason: string | null
  /** When it happened: wall clock, ISO 8601. */
  readonly at: string
  /** The number of the fact that it tells. */
  readonly seq: number
  /** Who asked for it, where somebody did. */
  readonly by: string | null
  readonly pid: number | null
  /** How the last process ended. */
  readonly exit_code: number | null
  readonly signal: string | null
  readonly restart_count: number | null
  readonly state: string | null
  /** Of the process that it is about, whole seconds. */
  readonly uptime: number | null
  readonly hostname: string
  /** Of the orchestrator. */
  readonly version: string
}

/** Said once of each try; `again`: another one may do better. */
export interface DeliveryEnded {
  readonly type: 'delivery.ended'
  readonly because: string | null
  readonly again: boolean
}

/** Deliveries of one hook take their turns; one that waits when too many do is dropped. */
export type PlaceFact = { readonly type: 'place.given' } | { readonly type: 'place.lost'; readonly because: string }
