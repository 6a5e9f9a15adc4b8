import { useEffect, useRef, useState } from 'preact/hooks'
import type { Input } from '../../../../src/client/browser.ts'
import type { Inspector } from '../../model/inspector.ts'
import { Dialog } from './dialog.tsx'
import { FailureNote } from './failure-note.tsx'
import { FormDialog } from './form-dialog.tsx'
import { isSchema } from './form-fields.ts'
import { followRestart, nothingYet, type Progress } from './restart-progress.ts'
import { useField } from './use-field.ts'

interface CustomRestartProps {
  readonly inspector: Inspector
  readonly address: string
  onClose(): void
}

/** A restart with commands around it and with other arguments: the form, and then its steps as they are taken. */
export function CustomRestart({ inspector, address, onClose }: CustomRestartProps) {
  const service = address.slice('service.'.length)
  const { field, failure } = useField(inspector, 'service.custom_restart', ['service'])
  const [progress, setProgress] = useState<Progress | null>(null)
  const stop = useRef(new AbortController())
  // What was asked goes on; nobody looks any more.
  useEffect(() => () => stop.current.abort(), [])

  if (progress !== null && progress.workflow !== null)
    return <RestartProgress service={service} progress={progress} onClose={onClose} />
  if (field === null) {
    return (
      <Dialog title={`Custom restart of ${service}`} onClose={onClose}>
        {failure === null ? <p>Asking what it takes …</p> : <FailureNote failure={failure} />}
        <div class="dialog-foot">
          <button type="button" class="control-button" onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    )
  }
  return (
    <FormDialog
      title={`Custom restart of ${service}`}
      field={field}
      submit="Restart"
      grave
      onClose={onClose}
      send={async (value) => {
        const client = inspector.client.value
        if (client === null) return
        setProgress(nothingYet)
        const input = { ...(isSchema(value) ? value : {}), service } as Input<'service.custom_restart'>
        await followRestart(client, input, setProgress, stop.current.signal)
        return true
      }}
    >
      <p>
        {service} is stopped and started again: first the commands before it, then the restart, then, once it is ready, the
        commands after it. Commands must be permitted by the config.
      </p>
    </FormDialog>
  )
}

const signs: Readonly<Record<string, string>> = { done: '✓', failed: '✗', cancelled: '–' }

function RestartProgress({
  service,
  progress,
  onClose,
}: {
  readonly service: string
  readonly progress: Progress
  onClose(): void
}) {
  const { workflow, state, steps, end, failure, results } = progress
  const title =
    end === null
      ? `Restarting ${service} …`
      : end === 'done'
        ? `${service} was restarted`
        : `${service} was not restarted as asked`
  return (
    <Dialog title={title} onClose={onClose} wide>
      <ol class="steps" aria-live="polite">
        {steps.map(({ name, outcome, because }, index) => (
          <li key={index} class={`step-${outcome}`}>
            <span aria-hidden="true">{signs[outcome] ?? '·'}</span> {because ?? `${name}: ${outcome}`}
          </li>
        ))}
        {end === null ? <li class="step-now">{state ?? 'begins'} …</li> : null}
      </ol>
      {failure === null ? null : <FailureNote failure={failure} />}
      {results.map(({ program, stdout, stderr, error_message: because, execution_time_ms: took }, index) => (
        <details key={index} class="result">
          <summary>
            {[program.command, ...(program.args ?? [])].join(' ')}: {because ?? 'exited with code 0'}, {Math.round(took)} ms
          </summary>
          <pre>{[stdout, stderr].filter((one) => one !== null && one !== '').join('\n') || 'It wrote nothing.'}</pre>
        </details>
      ))}
      <div class="dialog-foot">
        {workflow === null ? null : <a href={`#/${workflow}`}>{workflow}</a>}
        <button type="button" class="control-button control-main" onClick={onClose}>
          {end === null ? 'Let it go on' : 'Close'}
        </button>
      </div>
    </Dialog>
  )
}
