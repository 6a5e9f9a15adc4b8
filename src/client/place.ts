import type { Wire, WireListener } from './wire.ts'

/** Where an orchestrator is, and how one talks to it. */
export interface Place {
  /** Path or URL, for people. */
  readonly at: string
  /** Opens a wire for calls. `timeout`: ms until it must be open. */
  calls(listener: WireListener, timeout: number): Promise<Wire>
  /** Opens a wire for one stream. */
  stream(listener: WireListener, timeout: number): Promise<Wire>
}
