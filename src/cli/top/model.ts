import type { Output } from '../../client/index.ts'
import type { Banner } from '../../protocol/banner.ts'
import type { ActorStatus, FleetStatus } from '../../protocol/status.ts'
import type { Style } from '../render/paint.ts'
import type { Samples } from './sparkline.ts'

/** Everything that the screen of `hyphae top` shows. What happens makes another one of it; see hear.ts and press.ts. */

export const sorts = ['config', 'name', 'status', 'cpu', 'memory', 'restarts', 'uptime'] as const
export type Sort = (typeof sorts)[number]

export type Explanation = Output<'service.explain'>
export type Action = 'start' | 'stop' | 'restart'

export interface Figures {
  readonly cpu: Samples
  readonly memory: Samples
}

export interface LogsView {
  readonly type: 'logs'
  /** Whose: a service, or a group. */
  readonly of: string
  /** The number of the oldest line that is kept; it grows as old ones go. */
  readonly first: number
  readonly lines: readonly string[]
  /** Does it go on with each new line? */
  readonly follow: boolean
  /** Where it does not: the number of the line below the last one shown. */
  readonly at: number
  /** Columns that are out of sight at the left. */
  readonly shift: number
  /** What is looked for; empty = nothing. */
  readonly search: string
}

export interface ExplainView {
  readonly type: 'explain'
  readonly of: string
  readonly explanation: Explanation | undefined
  readonly offset: number
}

export type View =
  | { readonly type: 'table' }
  | LogsView
  | ExplainView
  | { readonly type: 'actors'; readonly offset: number }
  | { readonly type: 'help'; readonly offset: number }

export type Link =
  | { readonly state: 'up' }
  /** `since` is wall clock, ms. */
  | { readonly state: 'lost'; readonly since: number; readonly because: string }

/** What one may do; null: nobody has said. */
export interface Rights {
  readonly role: string
  readonly commands: ReadonlySet<string>
}

/** What is to be done outside. */
export type Effect =
  | { readonly type: 'call'; readonly action: Action; readonly services: readonly string[] }
  /** The pane shows these logs from now on; null: none. */
  | { readonly type: 'logs'; readonly of: string | null }
  | { readonly type: 'explain'; readonly of: string }
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  /** Everything is drawn anew. */
  | { readonly type: 'redraw' }

export interface Model {
  readonly fleet: FleetStatus | undefined
  /** When that was so, wall clock, ms. */
  readonly at: number
  readonly banner: Banner | undefined
  readonly link: Link
  /** Where it is connected to. */
  readonly place: string
  readonly rights: Rights | null
  readonly figures: ReadonlyMap<string, Figures>
  readonly actors: ReadonlyMap<string, ActorStatus>
  readonly view: View
  /** Key of the selected row. */
  readonly selected: string | undefined
  /** The first row in sight. */
  readonly top: number
  readonly sort: Sort
  readonly filter: string
  readonly typing: { readonly what: 'filter' | 'search'; readonly text: string; readonly before: string } | undefined
  readonly question: { readonly text: string; readonly effect: Effect } | undefined
  /** Under way: what was asked of whom. */
  readonly working: ReadonlyArray<{ readonly action: Action; readonly services: readonly string[] }>
  /** The last thing that the user should know. */
  readonly told: { readonly text: string; readonly style: Style } | undefined
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Smaller ones show nothing but that they are too small. */
export const leastSize: Size = { columns: 40, rows: 8 }

export const emptyModel = (place: string): Model => ({
  fleet: undefined,
  at: 0,
  banner: undefined,
  link: { state: 'up' },
  place,
  rights: null,
  figures: new Map(),
  actors: new Map(),
  view: { type: 'table' },
  selected: undefined,
  top: 0,
  sort: 'config',
  filter: '',
  typing: undefined,
  question: undefined,
  working: [],
  told: undefined,
})

/** May one do that? Without an answer to that question the orchestrator itself refuses. */
export const may = ({ rights }: Model, command: string): boolean => rights === null || rights.commands.has(command)
