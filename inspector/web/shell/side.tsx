import { useComputed } from '@preact/signals'
import type { PageModel } from '../model/page-model.ts'
import { everything } from '../model/tree-index.ts'
import { Filters } from './filters.tsx'
import { TreeView } from './tree-view.tsx'

/** The actors, at the left; where there is nothing to show, why. */
export function Side({ model }: { readonly model: PageModel }) {
  const empty = useComputed(() => model.treeVersion.value < 0 || model.tree.size === 0)
  const { known } = model
  const { text, phases, sections, inner, ended } = model.filter.value
  const sifted = text.trim() !== '' || phases.size > 0 || sections.size > 0
  return (
    <nav class="side" aria-label="Actors">
      <h2 class="unseen">Actors</h2>
      <Filters model={model} />
      {!empty.value ? (
        <TreeView model={model} />
      ) : (
        <div class="empty">
          {!known.value ? (
            <p>Nothing is known yet.</p>
          ) : sifted ? (
            <>
              <p>No actor matches.</p>
              <button type="button" onClick={() => model.sift({ ...everything, inner, ended })}>
                Clear the filters
              </button>
            </>
          ) : (
            <p>There are no actors.</p>
          )}
        </div>
      )}
    </nav>
  )
}
