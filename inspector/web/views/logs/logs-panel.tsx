import { useMemo, useState } from 'preact/hooks'
import type { Client } from '../../../../src/client/browser.ts'
import { download } from '../../model/download.ts'
import type { Inspector } from '../../model/inspector.ts'
import { copy } from '../copy.ts'
import { FailureNote } from '../drive/failure-note.tsx'
import type { PanelProps } from '../panels.ts'
import type { Entry } from './log-buffer.ts'
import { writtenAt } from './log-line.tsx'
import { LogView } from './log-view.tsx'
import { chosen, needleOf } from './search.ts'
import { useLog } from './use-log.ts'
import './logs.css'

/** The log of a service: its last lines, and then each as it is written. */
export function LogsPanel({ inspector, row }: PanelProps) {
  const client = inspector.client.value
  const me = inspector.me.value
  const service = row.address?.slice('service.'.length) ?? ''
  if (client === null) {
    const isFile = inspector.link.value.state === 'file'
    return (
      <p class="log-why">{isFile ? 'A recording has no logs in it.' : 'The log is read once the orchestrator is reached.'}</p>
    )
  }
  if (me !== null && !(me.commands.has('logs.read') && me.commands.has('logs.follow'))) {
    return (
      <p class="log-why">
        You are {me.name} with the role {me.role}, which may not read logs (logs.read). Ask for a token of a role that may.
      </p>
    )
  }
  return <Log key={service} inspector={inspector} client={client} service={service} />
}

function Log({
  inspector,
  client,
  service,
}: {
  readonly inspector: Inspector
  readonly client: Client
  readonly service: string
}) {
  const { buffer, version, failure, again } = useLog(client, service)
  /** Counted from the first line of all; null: it goes on. */
  const [paused, setPaused] = useState<number | null>(null)
  const [words, setWords] = useState('')
  const [filter, setFilter] = useState(false)
  const [wrap, setWrap] = useState(true)
  const [times, setTimes] = useState(false)
  /** Counted among what is found. */
  const [current, setCurrent] = useState(0)
  const [jump, setJump] = useState(0)

  const needle = useMemo(() => needleOf(words), [words])
  const { entries } = buffer
  const all = buffer.dropped() + entries.length
  const end = paused === null ? entries.length : Math.max(0, paused - buffer.dropped())
  const { shown, hits } = useMemo(() => chosen(entries.slice(0, end), needle, filter), [version, end, needle, filter])
  const chosenHit = hits.length === 0 ? null : (hits[Math.min(current, hits.length - 1)] ?? null)
  const go = (by: number): void => {
    if (hits.length === 0) return
    setCurrent((before) => (Math.min(before, hits.length - 1) + by + hits.length) % hits.length)
    setJump((before) => before + 1)
  }
  const text = (): string =>
    (shown ?? entries.slice(0, end).map((_, index) => index))
      .flatMap((index) => {
        const entry = entries[index]
        return entry === undefined ? [] : [lineOf(entry, times)]
      })
      .join('\n')
  const copyAll = (): void => {
    copy(text()).then(
      () => inspector.say('The log was copied'),
      () => inspector.say('This browser does not let the page copy. Select the text, or download it.', 'error'),
    )
  }
  const fresh = paused === null ? 0 : all - paused
  return (
    <section class="log" aria-label={`Log of ${service}`}>
      <div class="log-bar">
        <Toggle on={paused !== null} set={(on) => setPaused(on ? all : null)}>
          {paused === null ? 'Pause' : fresh > 0 ? `Resume · ${fresh} new` : 'Resume'}
        </Toggle>
        <div class="log-search" role="search">
          <input
            class="control-input"
            type="search"
            aria-label="Search in the log"
            placeholder="Search"
            value={words}
            onInput={(event) => {
              setWords(event.currentTarget.value)
              setCurrent(Number.MAX_SAFE_INTEGER)
              setJump((before) => before + 1)
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              go(event.shiftKey ? -1 : 1)
            }}
          />
          <button
            type="button"
            class="control-button"
            aria-label="Previous match"
            disabled={hits.length === 0}
            onClick={() => go(-1)}
          >
            ↑
          </button>
          <button type="button" class="control-button" aria-label="Next match" disabled={hits.length === 0} onClick={() => go(1)}>
            ↓
          </button>
          <span class="log-hits" role="status">
            {needle === null ? '' : hits.length === 0 ? 'none' : `${Math.min(current, hits.length - 1) + 1} of ${hits.length}`}
          </span>
        </div>
        <Toggle on={filter} set={setFilter}>
          Filter
        </Toggle>
        <Toggle on={wrap} set={setWrap}>
          Wrap
        </Toggle>
        <Toggle on={times} set={setTimes}>
          Times
        </Toggle>
        <button type="button" class="control-button" onClick={copyAll}>
          Copy
        </button>
        <button type="button" class="control-button" onClick={() => download(`${service}.log`, `${text()}\n`, 'text/plain')}>
          Download
        </button>
      </div>
      {failure === null ? null : (
        <div>
          <FailureNote failure={failure} />
          <button type="button" class="control-button" onClick={again}>
            Read it again
          </button>
        </div>
      )}
      <LogView
        label={`Lines of ${service}`}
        entries={entries}
        version={version}
        end={end}
        dropped={buffer.dropped()}
        shown={shown}
        needle={needle}
        current={chosenHit}
        jump={jump}
        wrap={wrap}
        times={times}
      />
    </section>
  )
}

const lineOf = (entry: Entry, times: boolean): string =>
  `${times ? `${writtenAt(entry)} ` : ''}${entry.kind === 'mark' ? `--- ${entry.text} ---` : entry.text}`

interface ToggleProps {
  readonly on: boolean
  readonly children: string
  set(on: boolean): void
}

function Toggle({ on, set, children }: ToggleProps) {
  return (
    <button type="button" class="control-button" aria-pressed={on} onClick={() => set(!on)}>
      {children}
    </button>
  )
}
