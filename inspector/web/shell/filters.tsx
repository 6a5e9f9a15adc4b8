import { useSignal } from '@preact/signals'
import type { PageModel } from '../model/page-model.ts'
import { sections, type SectionId } from '../model/sections.ts'
import { PhaseMark } from './chips.tsx'

/** What the tree shows: search, phases, kinds, and whether parts and those that have ended are in it. */

const toggled = <T,>(set: ReadonlySet<T>, one: T): ReadonlySet<T> => {
  const next = new Set(set)
  if (!next.delete(one)) next.add(one)
  return next
}

export function Filters({ model }: { readonly model: PageModel }) {
  const open = useSignal(false)
  const filter = model.filter.value
  void model.readings.value
  const { counts } = model.tree
  const more = filter.sections.size + Number(filter.inner) + Number(filter.ended !== 20)
  return (
    <div class="filters">
      <div class="search">
        <input
          id="search"
          type="search"
          placeholder="Search"
          aria-label="Search actors by address, state or reason"
          aria-keyshortcuts="/"
          value={filter.text}
          onInput={({ currentTarget }) => model.sift({ text: currentTarget.value })}
        />
        <kbd aria-hidden="true">/</kbd>
        <button
          type="button"
          class="quiet"
          aria-expanded={open.value}
          aria-controls="more-filters"
          onClick={() => (open.value = !open.value)}
        >
          Filter{more > 0 ? ` (${more})` : ''}
        </button>
      </div>
      <div class="phases" role="group" aria-label="Phases">
        {['handshake', 'active', 'reaped'].map((phase) => (
          <button
            key={phase}
            type="button"
            class="toggle"
            aria-pressed={filter.phases.has(phase)}
            onClick={() => model.sift({ phases: toggled(filter.phases, phase) })}
          >
            <PhaseMark phase={phase} named /> <span class="count">{counts.phases.get(phase) ?? 0}</span>
          </button>
        ))}
      </div>
      {open.value ? <MoreFilters model={model} /> : null}
    </div>
  )
}

function MoreFilters({ model }: { readonly model: PageModel }) {
  const filter = model.filter.value
  const { counts } = model.tree
  const shown = sections.filter(({ id }) => (counts.sections.get(id) ?? 0) > 0 || filter.sections.has(id))
  return (
    <div id="more-filters" class="more-filters">
      <div role="group" aria-label="Kinds" class="kinds">
        {shown.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            class="toggle"
            aria-pressed={filter.sections.has(id)}
            onClick={() => model.sift({ sections: toggled<SectionId>(filter.sections, id) })}
          >
            {title} <span class="count">{counts.sections.get(id) ?? 0}</span>
          </button>
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={filter.inner}
          onChange={({ currentTarget }) => model.sift({ inner: currentTarget.checked })}
        />
        Show inner actors
      </label>
      <label class="check">
        Ended actors:
        <select value={String(filter.ended)} onChange={({ currentTarget }) => model.sift({ ended: Number(currentTarget.value) })}>
          <option value="0">hide</option>
          <option value="20">keep the last 20</option>
          <option value="200">keep the last 200</option>
          <option value="1000">keep the last 1000</option>
        </select>
      </label>
    </div>
  )
}
