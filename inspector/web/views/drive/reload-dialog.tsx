import { useEffect, useState } from 'preact/hooks'
import type { Output } from '../../../../src/client/browser.ts'
import type { Inspector } from '../../model/inspector.ts'
import { Dialog } from './dialog.tsx'
import { DialogFoot } from './dialog-foot.tsx'
import { type Failure, failureOf } from './failure.ts'
import { FailureNote } from './failure-note.tsx'

type Answer = Output<'system.reload'>

/** The config is read, and what would change is shown before anything does. */
export function ReloadDialog({ inspector, onClose }: { readonly inspector: Inspector; onClose(): void }) {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const client = inspector.client.value
  useEffect(() => {
    client?.call('system.reload', { dry_run: true }).then(setAnswer, (error: unknown) => setFailure(failureOf(error)))
  }, [client])
  const send = async (): Promise<void> => {
    if (client === null) return
    setBusy(true)
    setFailure(null)
    try {
      const { because } = await client.call('system.reload', {})
      inspector.say(`The config was read again: ${because}`)
      onClose()
    } catch (error) {
      setFailure(failureOf(error))
    } finally {
      setBusy(false)
    }
  }
  const changes = [
    ...(answer?.changes.map(({ service, change, fields }) => ({ name: `service.${service}`, change, fields })) ?? []),
    ...(answer?.groups.map(({ group, change, fields }) => ({ name: `group.${group}`, change, fields })) ?? []),
  ]
  return (
    <Dialog title="Reload the config?" onClose={onClose}>
      {failure === null ? null : <FailureNote failure={failure} />}
      {answer === null && failure === null ? <p>Reading what would change …</p> : null}
      {answer === null ? null : (
        <>
          <p>
            {answer.config ?? 'No file'}: {answer.because}
          </p>
          {changes.length === 0 ? null : (
            <ul>
              {changes.map(({ name, change, fields }) => (
                <li key={name}>
                  {name} {change}
                  {fields.length === 0 ? '' : `: ${fields.join(', ')}`}
                </li>
              ))}
            </ul>
          )}
          {answer.warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </>
      )}
      <DialogFoot
        submit="Reload"
        grave={changes.length > 0}
        disabled={answer === null || busy}
        onYes={() => void send()}
        onClose={onClose}
      />
    </Dialog>
  )
}
