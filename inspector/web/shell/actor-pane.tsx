import type { ComponentChildren } from 'preact'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import type { PageModel } from '../model/page-model.ts'
import { ageOf, clockOf } from '../model/words.ts'
import { PhaseMark, StateChip } from './chips.tsx'
import { actorFactSlots, actorHeaderSlots, chartSlots } from './slots.ts'
import { share, Splitter } from './splitter.tsx'
import { Tabs } from './tabs.tsx'

/** One actor: who it is and how it does, its chart, and more about it in tabs. */
export function ActorPane({ model, id }: { readonly model: PageModel; readonly id: string }) {
  const row = model.shown.value.actors.get(id)
  if (row === undefined) return <NotNow model={model} id={id} />
  return (
    <article class="actor" aria-labelledby="actor-name">
      <ActorHeader model={model} row={row} />
      <div class={`actor-body ${row.chart === undefined ? 'actor-body-plain' : ''}`}>
        <ChartBox>
          {chartSlots.map((Chart, index) => (
            <Chart key={`${index} ${row.id}`} inspector={model} row={row} />
          ))}
        </ChartBox>
        {row.chart === undefined ? null : <Splitter controls="chart-box" />}
        <Tabs model={model} row={row} />
      </div>
    </article>
  )
}

/** What it holds stays as it is while its height changes. */
function ChartBox({ children }: { readonly children: ComponentChildren }) {
  return (
    <div id="chart-box" class="chart-slot" style={{ '--share': `${share.value}%` }}>
      {children}
    </div>
  )
}

function ActorHeader({ model, row }: { readonly model: PageModel; readonly row: ActorRow }) {
  const now = model.now.value
  const parent = parentOf(model, row)
  return (
    <header class="actor-header">
      <div class="actor-title">
        <button type="button" class="back quiet" aria-label="Back" onClick={() => model.select(null)}>
          <span aria-hidden="true">‹</span>
        </button>
        <h2 id="actor-name">{model.nameOf(row.id)}</h2>
        <PhaseMark phase={row.end === undefined ? row.phase : 'reaped'} named />
        <StateChip row={row} full />
      </div>
      <div class="actor-facts">
        <span title={new Date(row.since).toISOString()}>
          since {clockOf(row.since, now)} ({ageOf(row.since, now)})
        </span>
        <span>{row.events === 1 ? '1 event' : `${row.events} events`}</span>
        {parent === undefined ? null : (
          <span>
            child of{' '}
            <a
              href={`#/${parent.address ?? parent.id}`}
              onClick={(event: MouseEvent) => {
                event.preventDefault()
                model.select(parent.id)
              }}
            >
              {model.nameOf(parent.id)}
            </a>
          </span>
        )}
        {actorFactSlots.map((Slot, index) => (
          <Slot key={`${index} ${row.id}`} inspector={model} row={row} />
        ))}
      </div>
      {row.reason === undefined ? null : <p class="actor-reason">{row.reason}</p>}
      {row.end === undefined ? null : <Ended model={model} row={row} />}
      <div class="actor-slots">
        {actorHeaderSlots.map((Slot, index) => (
          <Slot key={`${index} ${row.id}`} inspector={model} row={row} />
        ))}
      </div>
    </header>
  )
}

/** The actor above it; of a pool's buckets, which only spread its children, the pool. */
function parentOf({ shown }: PageModel, row: ActorRow): ActorRow | undefined {
  const { actors } = shown.value
  const above = row.parent === undefined ? undefined : actors.get(row.parent)
  const pool = above?.parent === undefined ? undefined : actors.get(above.parent)
  return row.address !== undefined && above?.address === undefined && pool?.address !== undefined ? pool : above
}

const ends = { done: 'It has finished.', error: 'It has crashed.', stopped: 'It was stopped.' } as const

/** Another one may live at its address by now. */
function Ended({ model, row }: { readonly model: PageModel; readonly row: ActorRow }) {
  const next = row.address === undefined ? undefined : model.find(row.address)
  return (
    <p class="notice">
      {row.end === undefined ? null : ends[row.end]}{' '}
      {next === undefined || next.end !== undefined ? null : (
        <button type="button" onClick={() => model.select(next.id)}>
          Go to the {row.address} that lives now
        </button>
      )}
    </p>
  )
}

function NotNow({ model, id }: { readonly model: PageModel; readonly id: string }) {
  const past = model.moment.value !== null
  return (
    <div class="empty wide">
      <h2>{model.nameOf(id)}</h2>
      <p>{past ? 'It did not exist at this moment.' : 'It is gone, and too long ago to be still known.'}</p>
      {past ? (
        <button type="button" onClick={() => (model.moment.value = null)}>
          Back to live
        </button>
      ) : (
        <button type="button" onClick={() => model.select(null)}>
          To the overview
        </button>
      )}
    </div>
  )
}
