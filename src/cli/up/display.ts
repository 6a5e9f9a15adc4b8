import type { Fact } from '../../protocol/facts.ts'
import type { FleetStatus } from '../../protocol/status.ts'

/** How `up` shows what happens. */
export interface Display {
  readonly fact: (fact: Fact) => void
  /** A word to the user beside the facts. */
  readonly remark: (text: string) => void
  /** Shows the last state and lets go of the terminal. */
  readonly end: () => Promise<void>
  /** Draws nothing any more and asks for nothing: what answers may be what broke. */
  readonly abandon: () => void
}

export type ReadStatus = () => Promise<FleetStatus>

/** Services on their way somewhere; what cannot start, or waits to be tried again, is not. */
export const moving = ({ services }: FleetStatus): number =>
  Object.values(services).filter(
    ({ status, reason }) =>
      status === 'starting' || status === 'stopping' || (status === 'waiting' && reason?.startsWith('cannot start') !== true),
  ).length
