import { useRef, useState } from 'preact/hooks'
import type { ActorRow } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { eventWords, exactTimeOf } from '../../model/words.ts'
import { EntryDetails } from './entry-details.tsx'
import './events.css'
import { everything, isEverything, passes } from './filter.ts'
import { Filters } from './filters.tsx'
import type { Entry } from './journal.ts'
import { useChoice } from './use-choice.ts'
import { useEntries, useTypes } from './use-entries.ts'
import { useRows } from './use-rows.ts'
import { changesOf, nameOf, transitionOf } from './words.ts'

/** What happened to one actor, or to all of them: a table of which only the rows in sight are there. */

export interface EventLogProps {
  readonly inspector: Inspector
  readonly row?: ActorRow
  /** All actors. */
  readonly all?: boolean
}

/** px, as events.css has it */
const rowHeight = 26

interface RowProps {
  readonly inspector: Inspector
  readonly entry: Entry
  readonly index: number
  readonly chosen: boolean
  onChoose(entry: Entry): void
}

function Row({ inspector, entry, index, chosen, onChoose }: RowProps) {
  return (
    <tr
      class={`events-row is-${entry.fate}`}
      id={`event-${entry.seq}`}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      onClick={() => onChoose(entry)}
    >
      <td class="events-time">{exactTimeOf(entry.at)}</td>
      <td class="events-actor" title={nameOf(inspector, entry.actor)}>
        {nameOf(inspector, entry.actor)}
      </td>
      <td class="events-event" title={entry.event}>
        {eventWords(entry.event)}
      </td>
      <td class="events-transition" title={transitionOf(entry)}>
        {transitionOf(entry)}
      </td>
      <td class="events-changes" title={changesOf(entry)}>
        {changesOf(entry)}
      </td>
    </tr>
  )
}

export function EventLog({ inspector, row, all = false }: EventLogProps) {
  const [filter, setFilter] = useState(everything)
  const [paused, setPaused] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const actor = all ? null : (row?.id ?? null)
  const key = JSON.stringify([actor, filter])
  const accepts = (entry: Entry): boolean => (actor === null || entry.actor === actor) && passes(filter, inspector, entry)
  const { list, waiting } = useEntries(inspector, accepts, key, paused)
  const rows = useRows(box, list.length, rowHeight)
  const { chosen, choose, isChosen, onKeyDown } = useChoice(inspector, list, rows)
  const seen = useRef(0)
  if (rows.atEnd) seen.current = list.length
  const fresh = waiting + Math.max(0, list.length - seen.current)
  const types = useTypes(list, key)
  return (
    <div class="events">
      <Filters filter={filter} types={types} paused={paused} onFilter={setFilter} onPause={setPaused}>
        <span class="events-count">{list.length === 1 ? '1 event' : `${list.length} events`}</span>
      </Filters>
      <div
        class="events-box"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label={`Events${all ? '' : ` of ${nameOf(inspector, actor ?? undefined)}`}. Arrow keys choose one, Enter shows its moment.`}
        onKeyDown={onKeyDown}
      >
        <table class="events-table" aria-rowcount={list.length + 1} style={{ height: `${(list.length + 1) * rowHeight}px` }}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Actor</th>
              <th scope="col">Event</th>
              <th scope="col">Transition</th>
              <th scope="col">Changes</th>
            </tr>
          </thead>
          <tbody style={{ transform: `translateY(${rows.first * rowHeight}px)` }}>
            {list.slice(rows.first, rows.last).map((entry, index) => (
              <Row
                key={entry.seq}
                inspector={inspector}
                entry={entry}
                index={rows.first + index}
                chosen={isChosen(entry)}
                onChoose={choose}
              />
            ))}
          </tbody>
        </table>
        {list.length === 0 && (
          <p class="events-empty">
            Nothing has happened
            {isEverything(filter) ? ' yet.' : ' that passes these filters.'}
          </p>
        )}
      </div>
      {fresh > 0 && (!rows.atEnd || paused) && (
        <button
          class="events-fresh"
          type="button"
          onClick={() => {
            setPaused(false)
            rows.toEnd()
          }}
        >
          {fresh} new
        </button>
      )}
      {chosen !== null && <EntryDetails inspector={inspector} entry={chosen} onClose={() => choose(null)} />}
    </div>
  )
}
