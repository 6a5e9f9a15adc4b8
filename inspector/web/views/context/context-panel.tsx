import { useMemo } from 'preact/hooks'
import type { PanelProps } from '../panels.ts'
import { JsonTree } from './json-tree.tsx'
import './context.css'

/** What the selected actor keeps in its context, and what its last step changed there. */
export function ContextPanel({ inspector, row }: PanelProps) {
  const view = useMemo(() => inspector.context(row.id), [inspector, row.id]).value
  const changes = inspector.shown.value.lastStep(row.id)?.changes
  if (view.state === 'loading') return <p class="ctx-why">Asking for its context …</p>
  if (view.state === 'unknown') return <p class="ctx-why">Its context is not known: {view.why}</p>
  return (
    <JsonTree
      key={row.id}
      label={`Context of ${inspector.nameOf(row.id)}`}
      value={view.context}
      changes={changes ?? {}}
      say={(text, kind) => inspector.say(text, kind)}
    />
  )
}
