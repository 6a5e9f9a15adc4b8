import { readdirSync } from 'node:fs'
import process from 'node:process'
import { limits } from '../protocol/limits.ts'
import { createHistogram } from './counting.ts'
import type { Family } from './exposition.ts'

/** The orchestrator's own process, under the names that Prometheus's clients have for it. */

export interface ProcessParts {
  readonly version: string
  /** Monotonic ms. */
  clock(): number
  /** Wall clock, ms. */
  wall(): number
}

/** The folder itself is open while it is read. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}

export function createProcessFamilies({ version, clock, wall }: ProcessParts) {
  const lag = createHistogram([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5])
  const started = wall() / 1000 - process.uptime()
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    const due = clock() + limits.loopLook
    timer = setTimeout(() => {
      lag.observe(Math.max(0, clock() - due) / 1000)
      look()
    }, limits.loopLook).unref()
  }
  return {
    start: look,
    stop: (): void => clearTimeout(timer),
    families(): Family[] {
      const { user, system } = process.cpuUsage()
      const descriptors = openDescriptors()
      return [
        {
          name: 'hyphae_build_info',
          help: 'The version that runs; always 1.',
          type: 'gauge',
          samples: [{ labels: { version, node: process.versions.node }, value: 1 }],
        },
        {
          name: 'hyphae_event_loop_delay_seconds',
          help: 'How late a timer of the event loop was.',
          type: 'histogram',
          samples: lag.samples(),
        },
        {
          name: 'process_cpu_seconds_total',
          help: 'CPU time of the orchestrator itself.',
          type: 'counter',
          samples: [{ value: (user + system) / 1e6 }],
        },
        {
          name: 'process_resident_memory_bytes',
          help: 'Resident memory of the orchestrator itself.',
          type: 'gauge',
          samples: [{ value: process.memoryUsage.rss() }],
        },
        {
          name: 'process_open_fds',
          help: 'Descriptors that it has open.',
          type: 'gauge',
          samples: descriptors === undefined ? [] : [{ value: descriptors }],
        },
        {
          name: 'process_start_time_seconds',
          help: 'When it was started, since the epoch.',
          type: 'gauge',
          samples: [{ value: started }],
        },
      ]
    },
  }
}
