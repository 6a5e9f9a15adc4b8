interface DialogFootProps {
  readonly submit: string
  /** Draws attention: it stops something. */
  readonly grave?: boolean
  readonly disabled?: boolean
  /** Absent: the form around it is submitted. */
  readonly onYes?: () => void
  onClose(): void
}

/** The two ways out of a dialog. */
export function DialogFoot({ submit, grave = false, disabled = false, onYes, onClose }: DialogFootProps) {
  return (
    <div class="dialog-foot">
      <button type="button" class="control-button" onClick={onClose}>
        Cancel
      </button>
      <button
        type={onYes === undefined ? 'submit' : 'button'}
        class={grave ? 'control-button control-grave' : 'control-button control-main'}
        disabled={disabled}
        onClick={onYes}
      >
        {submit}
      </button>
    </div>
  )
}
