import { useMemo, useRef, useState } from 'preact/hooks'
import type { ActorRow } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { bounds } from '../bounds.ts'
import { EntryDetails } from '../events/entry-details.tsx'
import '../events/events.css'
import { everything, passes } from '../events/filter.ts'
import { Filters } from '../events/filters.tsx'
import { journalOf, type Entry } from '../events/journal.ts'
import { useChoice } from '../events/use-choice.ts'
import { useEntries, useTypes } from '../events/use-entries.ts'
import { useRows } from '../events/use-rows.ts'
import { nameOf } from '../events/words.ts'
import { isBetween, lanesOf, outside } from './lanes.ts'
import { Message } from './message.tsx'
import './sequence.css'

/** Who sent what to whom: an actor, and those that it talks to. */

interface SequenceProps {
  readonly inspector: Inspector
  readonly row: ActorRow
}

/** px */
const rowHeight = 40
const laneWidth = 190

export function Sequence({ inspector, row }: SequenceProps) {
  const [byHand, setByHand] = useState<{ readonly actor: string; readonly lanes: readonly string[] } | null>(null)
  const [filter, setFilter] = useState(everything)
  const [paused, setPaused] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const journal = journalOf(inspector)
  journal.take(inspector.records.value.list)
  const found = useMemo(
    () => lanesOf(row.id, journal.entries, row.parent),
    // Who is there does not change with every event.
    [row.id, row.parent, Math.ceil(Math.log2(journal.entries.length + 1))],
  )
  const lanes = byHand?.actor === row.id ? byHand.lanes : found
  const key = JSON.stringify([lanes, filter])
  const accepts = useMemo(() => {
    const among = new Set(lanes)
    return (entry: Entry): boolean => isBetween(entry, among) && passes(filter, inspector, entry)
  }, [key])
  const { list, waiting } = useEntries(inspector, accepts, key, paused)
  const rows = useRows(box, list.length, rowHeight)
  const { chosen, choose, isChosen, onKeyDown } = useChoice(inspector, list, rows)
  const types = useTypes(list, key)
  const change = (next: readonly string[]): void => setByHand({ actor: row.id, lanes: next })
  const others = [outside, ...inspector.shown.value.actors.keys()]
    .filter((id) => !lanes.includes(id))
    .slice(0, bounds.lanesOffered)
  const inSight = list.slice(rows.first, rows.last)
  return (
    <div class="sequence">
      <Filters filter={filter} types={types} paused={paused} onFilter={setFilter} onPause={setPaused}>
        <select
          aria-label="Add a lane"
          value=""
          onChange={({ currentTarget }) => {
            if (currentTarget.value !== '') change([...lanes, currentTarget.value])
            currentTarget.value = ''
          }}
        >
          <option value="">add a lane …</option>
          {others.map((id) => (
            <option key={id} value={id}>
              {id === outside ? 'outside' : nameOf(inspector, id)}
            </option>
          ))}
        </select>
        {byHand?.actor === row.id && (
          <button type="button" onClick={() => setByHand(null)}>
            Usual lanes
          </button>
        )}
      </Filters>
      <div class="sequence-scroll">
        <ul class="sequence-lanes" aria-label="Lanes" style={{ width: `${lanes.length * laneWidth}px` }}>
          {lanes.map((lane) => (
            <li key={lane} class={lane === row.id ? 'is-selected' : ''} style={{ width: `${laneWidth}px` }}>
              <span title={nameOf(inspector, lane === outside ? undefined : lane)}>
                {nameOf(inspector, lane === outside ? undefined : lane)}
              </span>
              {lane !== row.id && (
                <button
                  type="button"
                  aria-label={`Remove the lane of ${nameOf(inspector, lane === outside ? undefined : lane)}`}
                  onClick={() => change(lanes.filter((other) => other !== lane))}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
        <div class="sequence-box" ref={box} style={{ width: `${lanes.length * laneWidth}px` }}>
          <div
            class="sequence-rows"
            role="listbox"
            tabIndex={0}
            aria-label={`Events between ${lanes.map((lane) => nameOf(inspector, lane === outside ? undefined : lane)).join(', ')}. Enter shows the moment of the chosen one.`}
            aria-activedescendant={chosen !== null && inSight.includes(chosen) ? `message-${chosen.seq}` : undefined}
            style={{ height: `${list.length * rowHeight}px` }}
            onKeyDown={onKeyDown}
          >
            {inSight.map((entry, index) => (
              <Message
                key={entry.seq}
                inspector={inspector}
                entry={entry}
                index={rows.first + index}
                count={list.length}
                lanes={lanes}
                laneWidth={laneWidth}
                height={rowHeight}
                chosen={isChosen(entry)}
                onChoose={choose}
              />
            ))}
          </div>
        </div>
      </div>
      {(waiting > 0 || !rows.atEnd) && (
        <button
          class="events-fresh"
          type="button"
          onClick={() => {
            setPaused(false)
            rows.toEnd()
          }}
        >
          {waiting > 0 ? `${waiting} new` : 'to the newest'}
        </button>
      )}
      {list.length === 0 && <p class="events-empty">Nothing has gone between these yet.</p>}
      {chosen !== null && <EntryDetails inspector={inspector} entry={chosen} onClose={() => choose(null)} />}
    </div>
  )
}
