import type { Inspector } from '../../model/inspector.ts'
import { FormDialog } from './form-dialog.tsx'
import { fieldOf, isSchema } from './form-fields.ts'

interface LockdownProps {
  readonly inspector: Inspector
  readonly locked: boolean
  onClose(): void
}

const field = fieldOf({
  type: 'object',
  properties: { reason: { type: 'string', description: 'for whoever is refused, and for the journal' } },
})

export function LockdownDialog({ inspector, locked, onClose }: LockdownProps) {
  return (
    <FormDialog
      title={locked ? 'End the lockdown?' : 'Lock the fleet down?'}
      field={field}
      submit={locked ? 'End lockdown' : 'Lock down'}
      grave={!locked}
      onClose={onClose}
      send={async (value) => {
        await inspector.client.value?.call('system.lockdown', { on: !locked, ...(isSchema(value) ? value : {}) })
        inspector.say(locked ? 'The lockdown has ended' : 'The fleet is locked down')
      }}
    >
      <p>
        {locked
          ? 'Commands that change something are taken again from everybody whose role permits them.'
          : 'Every command that changes something is refused until it ends. Services run on, and are restarted when they crash.'}
      </p>
    </FormDialog>
  )
}
