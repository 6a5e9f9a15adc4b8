import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { bounds } from '../model/bounds.ts'
import type { PageModel } from '../model/page-model.ts'
import { clockOf } from '../model/words.ts'
import { stepTime } from './keys.tsx'

/** Goes through the time that is known: to any record, record by record, or playing. */

const speeds = [1, 10] as const

export function TimeBar({ model }: { readonly model: PageModel }) {
  const { from, to } = model.span.value
  const moment = model.moment.value
  const playing = useSignal<number | null>(null)
  useEffect(() => {
    if (playing.value === null) return
    return model.play(playing.value, () => {
      playing.value = null
      if (model.link.peek().state !== 'file') model.moment.value = null
    })
  }, [playing.value])
  const isFile = model.link.value.state === 'file'
  const isLive = model.link.value.state === 'live'
  // The time of the present goes on by its own clock.
  const { at } = moment === null ? model.shown.peek() : model.shown.value
  const empty = to <= from
  return (
    <footer class={`time-bar ${moment === null ? '' : 'time-past'}`} aria-label="Time">
      <button
        type="button"
        class="quiet"
        aria-label="One record back"
        title="One record back ([)"
        disabled={empty}
        onClick={() => stepTime(model, -1)}
      >
        <Icon path="M10 3 5 8l5 5M3.5 3v10" />
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="One record on"
        title="One record on (])"
        disabled={moment === null}
        onClick={() => stepTime(model, 1)}
      >
        <Icon path="M6 3l5 5-5 5M12.5 3v10" />
      </button>
      {speeds.map((speed) => (
        <button
          key={speed}
          type="button"
          class="quiet speed"
          aria-label={`Play at ${speed}×`}
          aria-pressed={playing.value === speed}
          disabled={empty}
          onClick={() => {
            if (playing.value !== speed && model.moment.value === null) model.moment.value = from
            playing.value = playing.value === speed ? null : speed
          }}
        >
          {playing.value === speed ? <Icon path="M5.5 3v10M10.5 3v10" /> : <Icon path="M5 3l8 5-8 5Z" />}
          {speed}×
        </button>
      ))}
      <div class="time-line">
        <Ticks model={model} />
        <input
          type="range"
          min={from}
          max={Math.max(to, from + 1)}
          value={moment ?? to}
          disabled={empty}
          aria-label="Moment"
          aria-valuetext={moment === null ? 'now' : clockOf(at)}
          onInput={({ currentTarget }) => {
            const chosen = Number(currentTarget.value)
            model.moment.value = chosen >= to ? null : chosen
          }}
        />
      </div>
      <span class="time-at">
        {at === 0 ? '' : moment === null && !isFile ? clockOf(model.now.value).slice(0, 8) : clockOf(at)}
      </span>
      {moment === null ? (
        <span class={`time-now ${isLive ? 'time-live' : ''}`}>
          {isFile ? 'end of recording' : isLive ? 'live' : 'last known'}
        </span>
      ) : (
        <button type="button" class="primary" onClick={() => (model.moment.value = null)}>
          {isFile ? 'To the end' : 'Back to live'}
        </button>
      )}
    </footer>
  )
}

const Icon = ({ path }: { readonly path: string }) => (
  <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6">
    <path d={path} />
  </svg>
)

/** Where the selected actor changed its state, and where somebody crashed. */
function Ticks({ model }: { readonly model: PageModel }) {
  const ticks = useComputed(() => {
    const selected = model.selected.value
    const { from, to } = model.span.value
    const width = Math.max(1, to - from)
    // One for each place that can be told apart is enough; a crash outdoes a change.
    const places = new Map<number, 'step' | 'crash'>()
    for (const record of model.records.peek().list) {
      const crash = record.type === 'ended' && record.actor.end === 'error'
      const step = record.type === 'step' && record.actor === selected && record.was.state !== record.is.state
      if (!crash && !step) continue
      const place = Math.round(((record.seq - from) / width) * bounds.ticks)
      if (crash || !places.has(place)) places.set(place, crash ? 'crash' : 'step')
    }
    return Array.from(places)
  })
  return (
    <svg class="ticks" viewBox={`0 0 ${bounds.ticks} 10`} preserveAspectRatio="none" aria-hidden="true">
      {ticks.value.map(([place, kind]) => (
        <rect
          key={place}
          class={`tick-${kind}`}
          x={place - 0.5}
          y={kind === 'crash' ? 0 : 3}
          width="1"
          height={kind === 'crash' ? 10 : 7}
        />
      ))}
    </svg>
  )
}
