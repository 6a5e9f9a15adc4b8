import type { ActorRow, Chart, InspectionRecord } from '../../protocol/inspection.ts'
import type { Reply } from '../../protocol/reply.ts'

/** An event as it is shown: its type and the rest of it. */
export interface ShownEvent {
  readonly type: string
  readonly [key: string]: unknown
}

/** An actor at one moment, with all that an inspector is told of it. */
export interface ShownActor {
  readonly row: ActorRow
  /** What it is called: its address, or what its parent calls it. */
  readonly name: string
  readonly context: unknown
  readonly chart: Chart | null
  /** The chart in this tongue's words, as `machine` made it. */
  readonly machine: string | null
  /** Of its parent, where that one was told of, too. */
  readonly parent: string | undefined
  readonly root: string
  readonly children: ReadonlyArray<{ readonly id: string; readonly name: string }>
  /** Wall clock, ms. */
  readonly at: number
}

/** What somebody who inspects may want. */
export type Wish =
  /** To be told everything, from the beginning. */
  | { readonly type: 'present' }
  | { readonly type: 'send'; readonly to: string; readonly event: ShownEvent; readonly request: string }
  | { readonly type: 'nothing' }
  | { readonly type: 'bad'; readonly because: string }

/** The words of one kind of inspector: all of them make whole messages. */
export interface Tongue {
  readonly name: string
  /** Is the present told at once, or only to those who ask for it? */
  readonly unasked: boolean
  /** Is this a kind of actor that there are words for? */
  shows(row: ActorRow): boolean
  machine(chart: Chart): string
  register(actor: ShownActor): readonly string[]
  event(actor: ShownActor, event: ShownEvent, from: string | undefined): readonly string[]
  state(actor: ShownActor, event: ShownEvent): readonly string[]
  ended(actor: ShownActor, record: Extract<InspectionRecord, { type: 'ended' }> | null): readonly string[]
  heard(message: Readonly<Record<string, unknown>>): Wish
  /** What comes of an event that somebody sent. */
  answer(wish: Extract<Wish, { type: 'send' }>, reply: Reply): string
  /** A message that receivers of this tongue pass over: something about the publication itself. */
  remark(remark: { readonly type: string; readonly [key: string]: unknown }): string
}
