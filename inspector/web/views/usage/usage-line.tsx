import type { PanelProps } from '../panels.ts'
import { Sparkline } from './sparkline.tsx'
import { megabytes, percent, useUsage } from './use-usage.ts'
import './usage.css'

/** What a service uses, in one line: for the head of the actor. Nothing for others. */
export function UsageLine(props: PanelProps) {
  const { samples } = useUsage(props)
  const now = samples.at(-1)
  if (now === undefined || props.row.address?.startsWith('service.') !== true) return null
  return (
    <p class="use-head">
      <span>
        CPU <b>{percent(now.cpu)}</b>
      </span>
      <Sparkline samples={samples} of="cpu" width={72} height={18} label="CPU over the last 5 minutes" />
      <span>
        Memory <b>{megabytes(now.memory)}</b>
      </span>
      <Sparkline samples={samples} of="memory" width={72} height={18} label="Memory over the last 5 minutes" />
    </p>
  )
}
