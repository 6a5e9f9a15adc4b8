import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { DialogFoot } from './dialog-foot.tsx'
import { FailureNote } from './failure-note.tsx'
import { type Failure, failureOf } from './failure.ts'
import { draftOf, fill, type Draft } from './form-draft.ts'
import type { Field } from './form-fields.ts'
import { Fields, placeOf } from './form.tsx'

interface FormDialogProps {
  readonly title: string
  readonly field: Field
  readonly submit: string
  /** Draws attention: it stops something. */
  readonly grave?: boolean
  readonly given?: unknown
  /** Paths of the server's errors begin with it: `event`. */
  readonly prefix?: string
  readonly children?: ComponentChildren
  /** Throws what the server said. Afterwards it is closed, unless it answers true. */
  send(value: unknown): Promise<boolean | void>
  onClose(): void
}

/** Asks for what a schema wants, and shows what was wrong where it was wrong. */
export function FormDialog({
  title,
  field,
  submit,
  grave = false,
  given,
  prefix = '',
  children,
  send,
  onClose,
}: FormDialogProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(field, given ?? field.usual))
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map())
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const focusWrong = (): void => {
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  async function submitted(): Promise<void> {
    const { value, errors: wrong } = fill(field, draft)
    setErrors(wrong)
    setFailure(null)
    if (wrong.size > 0) return focusWrong()
    setBusy(true)
    try {
      if ((await send(value)) !== true) onClose()
    } catch (error) {
      const failed = failureOf(error)
      const path = failed.field?.startsWith(`${prefix}.`) === true ? failed.field.slice(prefix.length + 1) : (failed.field ?? '')
      const place = placeOf(field, path)
      if (place === null) setFailure(failed)
      else {
        setErrors(new Map([[place, failed.message]]))
        focusWrong()
      }
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose} wide={field.kind === 'object' && field.fields.length > 2}>
      <form
        ref={form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submitted()
        }}
      >
        {children}
        {failure === null ? null : <FailureNote failure={failure} />}
        {field.kind === 'object' ? (
          <Fields fields={field.fields} path="" draft={draft} errors={errors} onChange={setDraft} />
        ) : null}
        <DialogFoot submit={submit} grave={grave} disabled={busy} onClose={onClose} />
      </form>
    </Dialog>
  )
}
