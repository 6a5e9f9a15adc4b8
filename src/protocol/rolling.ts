import type { WorkflowResult } from './restart.ts'

/** The vocabulary of a rolling restart: the instances of one service, restarted one after the other. */

/** One restart of it. The id is known before its turn comes, so that whoever asked can watch it. */
export interface Turn {
  readonly service: string
  readonly id: string
}

/** What became of one instance; `workflow`: the address of the restart that did it. */
export interface TurnResult {
  readonly service: string
  readonly workflow: string | null
  readonly outcome: WorkflowResult['outcome']
  readonly because: string | null
}

/** The result of `rolling.<id>`: one entry for each instance, in their order. */
export interface RollingResult {
  readonly turns: readonly TurnResult[]
}
