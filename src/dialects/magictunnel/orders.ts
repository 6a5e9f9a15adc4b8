/** What may be asked on this port, whether as text or as JSON. */

/** A program, as the commands of the gateway take it. */
export interface Program {
  readonly type: string
  readonly command: string
  readonly args?: readonly string[]
  readonly timeout_ms?: number
  readonly working_dir?: string
  readonly env?: Readonly<Record<string, string>>
  readonly description?: string
  readonly is_safe: boolean
  readonly allowed_in_production?: boolean
}

/** About one service; null: the default one. */
interface About<V extends string> {
  readonly verb: V
  readonly service: string | null
}

export interface CustomRestart {
  readonly verb: 'customrestart'
  readonly before: readonly Program[] | null
  readonly args: readonly string[] | null
  readonly after: readonly Program[] | null
  readonly env: Readonly<Record<string, string>> | null
}

export type Order =
  | About<'status'>
  | About<'health'>
  | About<'start'>
  | About<'stop'>
  | (About<'restart'> & { readonly args: readonly string[] | null })
  | CustomRestart
  | { readonly verb: 'executecommand'; readonly program: Program; readonly timeout: number | null }
  | { readonly verb: 'reloadconfig'; readonly path: string | null }
  | { readonly verb: 'mode' }
  | { readonly verb: 'switchmode'; readonly mode: string }
  | { readonly verb: 'shutdown' }
  | { readonly verb: 'authenticate'; readonly token: string }
  | { readonly verb: 'help' }

/** What a line came to. `json`: its one answer ends the conversation. */
export type Understood = { readonly json: boolean } & ({ readonly order: Order } | { readonly refusal: string })
