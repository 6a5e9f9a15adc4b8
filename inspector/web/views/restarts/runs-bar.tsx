import { useEffect, useState } from 'preact/hooks'
import { bounds } from '../bounds.ts'
import { type Run, span } from './runs.ts'

interface RunsProps {
  readonly lanes: ReadonlyArray<{ readonly service: string; readonly runs: readonly Run[] }>
  /** Are they told apart by their names? */
  readonly names: boolean
}

const stateOf = ({ to, planned, end }: Run): string =>
  to === null ? 'live' : planned || end === 'exited with code 0' ? 'planned' : 'crash'
const ended: Readonly<Record<string, string>> = { live: 'runs', planned: 'ended as asked', crash: 'crashed' }

function wordsOf(run: Run, now: number): string {
  const ready = run.ready === null ? '' : `, ready after ${span(run.ready - run.from)}`
  return `pid ${run.pid ?? '?'} ${ended[stateOf(run)] ?? ''}: ran for ${span((run.to ?? now) - run.from)}${ready}${run.end === null ? '' : `, ${run.end}`}`
}

/** Each run as a bar along the time; between two there was none. */
export function Runs({ lanes, names }: RunsProps) {
  const [tick, setTick] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setTick(Date.now()), bounds.again)
    return () => clearInterval(timer)
  }, [])
  const seen = lanes.map(({ service, runs }) => ({ service, runs: runs.slice(-bounds.runs) }))
  // Between two looks at the clock something may have happened.
  const now = Math.max(tick, ...seen.flatMap(({ runs }) => runs.map((run) => run.to ?? run.from)))
  const from = Math.min(...seen.flatMap(({ runs }) => runs.map((run) => run.from)))
  if (!Number.isFinite(from)) return null
  const whole = Math.max(1_000, now - from)
  const share = (ms: number): string => `${((ms / whole) * 100).toFixed(3)}%`
  return (
    <div class="rst-runs">
      {seen.map(({ service, runs }) => (
        <div key={service} class="rst-lane">
          {names ? <span class="rst-lane-name">{service}</span> : null}
          <ol class="rst-bars" aria-label={`Runs of ${service}`}>
            {runs.map((run) => (
              <li
                key={`${run.pid ?? 0}-${run.from}`}
                class={`rst-run rst-run-${stateOf(run)}`}
                title={wordsOf(run, now)}
                style={{ left: share(run.from - from), width: share(Math.max(0, (run.to ?? now) - run.from)) }}
              >
                <span class="rst-hidden">{wordsOf(run, now)}</span>
              </li>
            ))}
          </ol>
        </div>
      ))}
      <p class="rst-scale" aria-hidden="true">
        <span>{span(whole)} ago</span>
        <span class="rst-key rst-key-live">runs</span>
        <span class="rst-key rst-key-planned">ended as asked</span>
        <span class="rst-key rst-key-crash">crashed</span>
        <span>now</span>
      </p>
    </div>
  )
}
