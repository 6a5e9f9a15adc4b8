import type { Inspector } from '../../model/inspector.ts'
import { eventWords, exactTimeOf } from '../../model/words.ts'
import type { Entry } from '../events/journal.ts'
import { nameOf, transitionOf } from '../events/words.ts'
import { isReply, senderOf } from './lanes.ts'

/** One row of a sequence: an event on its way from lane to lane, and what became of it. */

interface MessageProps {
  readonly inspector: Inspector
  readonly entry: Entry
  readonly index: number
  readonly count: number
  readonly lanes: readonly string[]
  readonly laneWidth: number
  readonly height: number
  readonly chosen: boolean
  onChoose(entry: Entry): void
}

/** px */
const tip = 9

function Arrow({
  from,
  to,
  height,
  entry,
}: {
  readonly from: number
  readonly to: number
  readonly height: number
  readonly entry: Entry
}) {
  const y = height - 11
  const way = to > from ? 1 : -1
  const end = to - way * 2
  const style = isReply(entry) ? ' is-reply' : ''
  if (from === to)
    return (
      <g class={`sequence-arrow is-${entry.fate}${style}`}>
        <path class="sequence-line" d={`M${from},${y - 8}h22v8h${-22 + tip}`} />
        <path class="sequence-tip" d={`M${from + 2},${y}l${tip},-4v8Z`} />
      </g>
    )
  return (
    <g class={`sequence-arrow is-${entry.fate}${style}`}>
      <path class="sequence-line" d={`M${from},${y}H${end - way * tip}`} />
      {entry.fate === 'dead' ? (
        <path class="sequence-cross" d={`M${end - way * 10},${y - 5}l10,10m0,-10l-10,10`} />
      ) : (
        <path class="sequence-tip" d={`M${end},${y}l${-way * tip},-4.5v9Z`} />
      )}
    </g>
  )
}

export function Message({ inspector, entry, index, count, lanes, laneWidth, height, chosen, onChoose }: MessageProps) {
  const middle = (lane: string): number => (lanes.indexOf(lane) + 0.5) * laneWidth
  const sender = senderOf(entry)
  const to = middle(entry.actor)
  const from = entry.kind === 'event' && lanes.includes(sender) ? middle(sender) : to
  const outcome = transitionOf(entry)
  const words = eventWords(entry.event)
  const said = `${exactTimeOf(entry.at)}: ${entry.kind === 'event' ? `${nameOf(inspector, entry.from)} to ` : ''}${nameOf(inspector, entry.actor)}: ${words}${outcome === '' ? '' : `, ${outcome}`}`
  return (
    <div
      id={`message-${entry.seq}`}
      class={`sequence-row is-${entry.fate}`}
      role="option"
      aria-selected={chosen}
      aria-setsize={count}
      aria-posinset={index + 1}
      style={{ top: `${index * height}px`, height: `${height}px` }}
      onClick={() => onChoose(entry)}
    >
      <span class="sequence-said">{said}</span>
      <svg class="sequence-drawing" aria-hidden="true" width={lanes.length * laneWidth} height={height}>
        {lanes.map((lane) => (
          <path key={lane} class="sequence-lane-line" d={`M${middle(lane)},0V${height}`} />
        ))}
        {entry.kind === 'event' && <Arrow from={from} to={to} height={height} entry={entry} />}
      </svg>
      <span
        aria-hidden="true"
        class={`sequence-event is-${entry.kind}`}
        style={{
          left: `${from === to ? to + (entry.kind === 'event' ? 28 : 8) : from < to ? from + 4 : Math.max(to, from - laneWidth) + 4}px`,
          width: `${from === to ? laneWidth - 34 : Math.min(laneWidth, Math.abs(to - from)) - 8}px`,
        }}
      >
        {words}
      </span>
      {entry.fate === 'moved' && entry.step !== null && (
        <span
          class="sequence-state"
          aria-hidden="true"
          data-phase={entry.step.is.phase ?? ''}
          style={{
            // On the side that its arrow does not come from.
            left: `${to + (from > to ? -12 : 12)}px`,
            transform: from > to ? 'translateX(-100%)' : 'none',
            'max-width': `${laneWidth - 40}px`,
          }}
          title={outcome}
        >
          {entry.step.is.state}
        </span>
      )}
    </div>
  )
}
