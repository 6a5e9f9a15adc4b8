import type { PanelProps } from '../panels.ts'
import { Sparkline, spanOf } from './sparkline.tsx'
import { megabytes, percent, useUsage } from './use-usage.ts'
import './usage.css'

/** What a service uses, in one line: for the head of the actor. Nothing for others. */
export function UsageLine(props: PanelProps) {
  const { samples } = useUsage(props)
  const now = samples.at(-1)
  // What it uses now says nothing about then.
  if (now === undefined || props.inspector.moment.value !== null || props.row.address?.startsWith('service.') !== true)
    return null
  // A line needs a few points to be one.
  const told = samples.length > 3
  return (
    <p class="use-head">
      <span>
        CPU <b>{percent(now.cpu)}</b>
      </span>
      {told ? (
        <Sparkline samples={samples} of="cpu" width={72} height={16} label={`CPU over the last ${spanOf(samples)}`} />
      ) : null}
      <span>
        Memory <b>{megabytes(now.memory)}</b>
      </span>
      {told ? (
        <Sparkline samples={samples} of="memory" width={72} height={16} label={`Memory over the last ${spanOf(samples)}`} />
      ) : null}
    </p>
  )
}
