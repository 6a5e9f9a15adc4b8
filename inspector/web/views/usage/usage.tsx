import type { PanelProps } from '../panels.ts'
import type { Sample } from './samples.ts'
import { Sparkline, spanOf } from './sparkline.tsx'
import { megabytes, percent, useUsage } from './use-usage.ts'
import './usage.css'

/** CPU and memory over the last five minutes. */
export function UsagePanel(props: PanelProps) {
  const { samples, limit, why } = useUsage(props)
  if (props.inspector.client.value === null)
    return <p class="use-why">What it uses is looked at while the orchestrator is reached.</p>
  const note = why === null ? null : <p class="use-why">There is no newer figure: {why}</p>
  if (samples.length === 0) return note ?? <p class="use-why">Looking …</p>
  return (
    <div class="use">
      {note}
      <Figure title="CPU" hint="of one core, all its processes together" samples={samples} of="cpu" text={percent} />
      <Figure
        title="Memory"
        hint={`resident, all its processes together${limit === null ? '' : `; its limit is ${megabytes(limit)}`}`}
        samples={samples}
        of="memory"
        text={megabytes}
      />
      <p class="use-why">Looked at every 2 s while this page is seen; five minutes are kept.</p>
    </div>
  )
}

interface FigureProps {
  readonly title: string
  readonly hint: string
  readonly samples: readonly Sample[]
  readonly of: 'cpu' | 'memory'
  text(value: number): string
}

function Figure({ title, hint, samples, of, text }: FigureProps) {
  const values = samples.map((sample) => sample[of])
  const [now, least, most] = [values.at(-1) ?? 0, Math.min(...values), Math.max(...values)]
  return (
    <section class="use-figure" aria-label={title}>
      <h3>
        {title} <span class="use-now">{text(now)}</span>
      </h3>
      <Sparkline
        samples={samples}
        of={of}
        width={480}
        height={64}
        label={`${title} over the last ${spanOf(samples)}: now ${text(now)}, from ${text(least)} to ${text(most)}`}
      />
      <p class="use-why">
        the last {spanOf(samples)} · least {text(least)} · most {text(most)} · {hint}
      </p>
    </section>
  )
}
