import type { ReadonlySignal } from '@preact/signals'
import type { Inspector } from './inspector.ts'
import type { Message } from './messages.ts'
import type { TreeFilter, TreeIndex } from './tree-index.ts'

/** What the shell of the page sees beyond what views do. */
export interface PageModel extends Inspector {
  /** Begins: looks at the address bar, and connects. */
  start(): void
  login(token: string): void
  retry(): void
  readonly tree: TreeIndex
  /** Grows whenever the tree is another one. */
  readonly treeVersion: ReadonlySignal<number>
  /** Grows when anything has changed, a few times a second: for what is read rather than watched. */
  readonly readings: ReadonlySignal<number>
  readonly filter: ReadonlySignal<TreeFilter>
  sift(filter: Partial<TreeFilter>): void
  unfold(id: string, open: boolean): void
  /** What the address bar names that there is not, and what is near to it. */
  readonly missing: ReadonlySignal<{ readonly name: string; readonly near: string | null } | null>
  /** Has the present been told yet? */
  readonly known: ReadonlySignal<boolean>
  readonly span: ReadonlySignal<{ readonly from: number; readonly to: number }>
  /** Wall clock of the orchestrator, ms; of the moment that is shown. It goes on by itself, second by second. */
  readonly now: ReadonlySignal<number>
  activityOf(actor: string): number | undefined
  readonly messages: ReadonlySignal<readonly Message[]>
  exportRecording(): Promise<void>
  openRecording(file: File): Promise<void>
  closeRecording(): void
  /** Goes on from the moment that is shown, so many times as fast as it was. Answers how to stop it. */
  play(speed: number, ended: () => void): () => void
}
