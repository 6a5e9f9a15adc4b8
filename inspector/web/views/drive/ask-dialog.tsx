import type { ComponentChildren } from 'preact'
import { alwaysAsk, setAlwaysAsk } from './always-ask.ts'
import { Dialog } from './dialog.tsx'

interface AskProps {
  readonly title: string
  /** What will happen. */
  readonly words: string
  readonly submit: string
  readonly children?: ComponentChildren
  onYes(): void
  onClose(): void
}

/** Says what will happen, and asks. */
export function AskDialog({ title, words, submit, children, onYes, onClose }: AskProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{words}</p>
      {children}
      <label class="form-check">
        <input type="checkbox" checked={alwaysAsk.value} onChange={(event) => setAlwaysAsk(event.currentTarget.checked)} />
        Always ask before something is stopped
      </label>
      <div class="dialog-foot">
        <button type="button" class="control-button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="control-button control-grave" onClick={onYes}>
          {submit}
        </button>
      </div>
    </Dialog>
  )
}
