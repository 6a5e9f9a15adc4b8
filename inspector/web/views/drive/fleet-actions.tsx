import { useState } from 'preact/hooks'
import type { Inspector } from '../../model/inspector.ts'
import { lazily } from '../lazily.tsx'
import './drive.css'

const LockdownDialog = lazily(async () => (await import('./lockdown-dialog.tsx')).LockdownDialog)
const ReloadDialog = lazily(async () => (await import('./reload-dialog.tsx')).ReloadDialog)
const SwitchDialog = lazily(async () => (await import('./switch-dialog.tsx')).SwitchDialog)

type Action = 'reload' | 'lockdown' | 'switch'

/** What may be done with the fleet as a whole; nothing is done without a question. */
export function FleetActions({ inspector }: { readonly inspector: Inspector }) {
  const [open, setOpen] = useState<Action | null>(null)
  const me = inspector.me.value
  const driving = inspector.driving.value
  // It is looked at again whenever anything has changed.
  void inspector.shown.value
  const locked = inspector.find('lockdown.fleet')?.state === 'locked'
  const may = (command: string): boolean => me?.commands.has(command) ?? false
  const close = (): void => setOpen(null)
  const button = (action: Action, command: string, words: string) =>
    may(command) ? (
      <button type="button" class="control-button" disabled={!driving} onClick={() => setOpen(action)}>
        {words}
      </button>
    ) : null
  return (
    <div class="drive-buttons">
      {button('reload', 'system.reload', 'Reload config…')}
      {button('switch', 'system.switch_mode', 'Switch mode…')}
      {button('lockdown', 'system.lockdown', locked ? 'End lockdown…' : 'Lock down…')}
      {open === 'reload' ? <ReloadDialog inspector={inspector} onClose={close} /> : null}
      {open === 'switch' ? <SwitchDialog inspector={inspector} onClose={close} /> : null}
      {open === 'lockdown' ? <LockdownDialog inspector={inspector} locked={locked} onClose={close} /> : null}
    </div>
  )
}
