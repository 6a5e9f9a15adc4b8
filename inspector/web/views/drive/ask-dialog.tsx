import type { ComponentChildren } from 'preact'
import { alwaysAsk, setAlwaysAsk } from './always-ask.ts'
import { Dialog } from './dialog.tsx'
import { DialogFoot } from './dialog-foot.tsx'

interface AskProps {
  readonly title: string
  /** What will happen. */
  readonly words: string
  readonly submit: string
  /** It takes something away, for good or until somebody brings it back. */
  readonly grave: boolean
  readonly children?: ComponentChildren
  onYes(): void
  onClose(): void
}

/** Says what will happen, and asks. */
export function AskDialog({ title, words, submit, grave, children, onYes, onClose }: AskProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{words}</p>
      {children}
      <label class="form-check">
        <input type="checkbox" checked={alwaysAsk.value} onChange={(event) => setAlwaysAsk(event.currentTarget.checked)} />
        Always ask before something is stopped
      </label>
      <DialogFoot submit={submit} grave={grave} onYes={onYes} onClose={onClose} />
    </Dialog>
  )
}
