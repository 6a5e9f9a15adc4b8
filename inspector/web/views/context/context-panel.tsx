import { useMemo, useState } from 'preact/hooks'
import type { Inspector } from '../../model/inspector.ts'
import type { PanelProps } from '../panels.ts'
import { JsonTree } from './json-tree.tsx'
import { useTree } from './use-tree.ts'

/** What the selected actor keeps in its context, and what its last step changed there. */
export function ContextPanel({ inspector, row }: PanelProps) {
  const view = useMemo(() => inspector.context(row.id), [inspector, row.id]).value
  if (view.state === 'loading') return <p class="ctx-why">Asking for its context …</p>
  if (view.state === 'unknown') return <p class="ctx-why">Its context is not known: {view.why}</p>
  return <Context key={row.id} inspector={inspector} actor={row.id} context={view.context} />
}

interface ContextProps {
  readonly inspector: Inspector
  readonly actor: string
  readonly context: unknown
}

function Context({ inspector, actor, context }: ContextProps) {
  const [words, setWords] = useState('')
  const { tree, flip, copy } = useTree(context, words, inspector.say)
  const label = `Context of ${inspector.nameOf(actor)}`
  return (
    <section class="ctx" aria-label={label}>
      <div class="ctx-bar">
        <input
          class="control-input"
          type="search"
          placeholder="Search"
          aria-label="Search in the context"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <span class="ctx-hits" role="status">
          {words === '' ? '' : tree.hits === 0 ? 'Nothing matches' : `${tree.hits} found`}
        </span>
        <button type="button" class="control-button" onClick={() => copy(context)}>
          Copy all
        </button>
      </div>
      {tree.rows.length === 0 ? (
        <p class="ctx-why">It keeps nothing.</p>
      ) : (
        <JsonTree
          label={label}
          tree={tree}
          changes={inspector.shown.value.lastStep(actor)?.changes ?? {}}
          flip={flip}
          copy={copy}
        />
      )}
    </section>
  )
}
