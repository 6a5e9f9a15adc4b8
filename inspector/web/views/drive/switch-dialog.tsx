import { useEffect, useState } from 'preact/hooks'
import type { Output } from '../../../../src/client/browser.ts'
import type { Inspector } from '../../model/inspector.ts'
import { Dialog } from './dialog.tsx'
import { DialogFoot } from './dialog-foot.tsx'
import { type Failure, failureOf } from './failure.ts'
import { FailureNote } from './failure-note.tsx'

/** To another mode: which there are, and what each of them runs. */
export function SwitchDialog({ inspector, onClose }: { readonly inspector: Inspector; onClose(): void }) {
  const [known, setKnown] = useState<Output<'system.mode'> | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [mode, setMode] = useState('')
  const [busy, setBusy] = useState(false)
  const client = inspector.client.value
  useEffect(() => {
    client?.call('system.mode', {}).then(setKnown, (error: unknown) => setFailure(failureOf(error)))
  }, [client])
  const others = known?.modes.filter(({ name }) => name !== known.mode) ?? []
  const running = known?.modes.find(({ name }) => name === known.mode)?.services ?? []
  const chosen = others.find(({ name }) => name === mode)
  const send = async (): Promise<void> => {
    if (client === null || chosen === undefined) return
    setBusy(true)
    setFailure(null)
    try {
      // It may take minutes; the banner and the tree show how it goes on.
      await client.call('system.switch_mode', { mode, wait: false })
      inspector.say(`Switching to ${mode}`)
      onClose()
    } catch (error) {
      setFailure(failureOf(error))
    } finally {
      setBusy(false)
    }
  }
  const named = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
  return (
    <Dialog title="Switch mode" onClose={onClose}>
      {failure === null ? null : <FailureNote failure={failure} />}
      {known === null && failure === null ? <p>Asking which modes there are …</p> : null}
      {known !== null && others.length === 0 ? (
        <p>The config has no {known.mode === null ? '' : 'other '}modes. `modes:` in the config names them.</p>
      ) : null}
      {others.length === 0 ? null : (
        <fieldset class="form-group">
          <legend>From {known?.mode ?? 'none'} to</legend>
          {others.map(({ name, description }) => (
            <label key={name} class="form-check">
              <input type="radio" name="mode" value={name} checked={mode === name} onChange={() => setMode(name)} />
              {name}
              {description === null ? null : <span class="form-optional">{description}</span>}
            </label>
          ))}
        </fieldset>
      )}
      {chosen === undefined ? null : (
        <p>
          Stops: {named(running.filter((name) => !chosen.services.includes(name)))}. Starts:{' '}
          {named(chosen.services.filter((name) => !running.includes(name)))}. What differs in it is restarted.
        </p>
      )}
      <DialogFoot submit="Switch" grave disabled={chosen === undefined || busy} onYes={() => void send()} onClose={onClose} />
    </Dialog>
  )
}
