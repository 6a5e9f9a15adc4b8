import type { ComponentChildren } from 'preact'
import type { Filter } from './filter.ts'

/** Chooses what is let through. */

interface FiltersProps {
  readonly filter: Filter
  readonly types: readonly string[]
  readonly paused: boolean
  onFilter(filter: Filter): void
  onPause(paused: boolean): void
  readonly children?: ComponentChildren
}

export function Filters({ filter, types, paused, onFilter, onPause, children }: FiltersProps) {
  return (
    <div class="events-filters">
      <input
        type="search"
        aria-label="Search the events"
        placeholder="Search"
        value={filter.text}
        onInput={({ currentTarget }) => onFilter({ ...filter, text: currentTarget.value })}
      />
      <select
        aria-label="Type of event"
        value={filter.type}
        onChange={({ currentTarget }) => onFilter({ ...filter, type: currentTarget.value })}
      >
        <option value="">every type</option>
        {[...new Set([...types, ...(filter.type === '' ? [] : [filter.type])])].map((type) => (
          <option key={type} value={type}>
            {type}
          </option>
        ))}
      </select>
      <select
        aria-label="What became of it"
        value={filter.only}
        onChange={({ currentTarget }) => onFilter({ ...filter, only: currentTarget.value as Filter['only'] })}
      >
        <option value="everything">every outcome</option>
        <option value="transitions">state changes</option>
        <option value="ignored">ignored</option>
        <option value="dead">too late</option>
      </select>
      <button type="button" aria-pressed={paused} onClick={() => onPause(!paused)}>
        Pause
      </button>
      {children}
    </div>
  )
}
