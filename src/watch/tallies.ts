import type { Gateway } from '../protocol/calls.ts'
import type { Fact } from '../protocol/facts.ts'
import type { Exit } from '../protocol/exit.ts'
import { parseAddress } from '../protocol/ids.ts'
import { createCounter, createHistogram } from './counting.ts'
import type { Family } from './exposition.ts'

/** What happened since the start, as counters: told by facts and by the requests that pass. */

export interface TalliesParts {
  /** Monotonic ms. */
  clock(): number
  /** Only commands that there are become labels. */
  isCommand(name: string): boolean
}

const seconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

/** How a process ended, as one of a few words. */
function outcomeOf({ planned, exit }: Readonly<Record<string, unknown>>): string {
  if (planned === true) return 'planned'
  const { kind, code } = (exit ?? {}) as Partial<Extract<Exit, { kind: 'exited' }>>
  return kind === 'exited' ? (code === 0 ? 'success' : 'failure') : (kind ?? 'unknown')
}

const outcomes = new Set(['done', 'failed', 'busy', 'cancelled'])

export function createTallies({ clock, isCommand }: TalliesParts) {
  const facts = createCounter()
  const exits = createCounter()
  const workflows = createCounter()
  const refused = createCounter()
  const requests = createCounter()
  const durations = createHistogram(seconds)
  const streams = new Map<string, number>()
  refused.add({}, 0)

  const labelOf = (command: string): string => (isCommand(command) ? command : 'unknown')

  return {
    hear({ type, about, data }: Fact): void {
      facts.add({ type })
      if (type === 'service.exited') exits.add({ service: parseAddress(about).key, outcome: outcomeOf(data) })
      else if (type === 'service.removed') exits.forget(({ service }) => service === parseAddress(about).key)
      else if (type === 'workflow.finished') {
        const outcome = String(data['outcome'])
        workflows.add({ outcome: outcomes.has(outcome) ? outcome : 'unknown' })
      }
      // Stated where somebody could not prove who he is.
      else if (type === 'access.refused') refused.add({}, Number(data['count'] ?? 1))
    },
    /** The same gateway; what passes is counted. */
    counted<G extends Gateway>(gateway: G): G {
      const open = (command: string, by: number): void => void streams.set(command, (streams.get(command) ?? 0) + by)
      return {
        ...gateway,
        async invoke(principal, name, input) {
          const since = clock()
          const reply = await gateway.invoke(principal, name, input)
          const command = labelOf(name)
          requests.add({ command, code: reply.ok ? 'ok' : reply.error.code })
          durations.observe((clock() - since) / 1000, { command })
          return reply
        },
        subscribe(principal, name, input, sink) {
          const command = labelOf(name)
          let over = false
          const close = (): void => {
            if (!over) open(command, -1)
            over = true
          }
          open(command, 1)
          const opened = gateway.subscribe(principal, name, input, {
            ...sink,
            end(because) {
              close()
              sink.end(because)
            },
          })
          requests.add({ command, code: 'error' in opened ? opened.error.code : 'ok' })
          if ('error' in opened) {
            close()
            return opened
          }
          return {
            cancel() {
              close()
              opened.cancel()
            },
          }
        },
      }
    },
    families: (): Family[] => [
      {
        name: 'hyphae_service_exits_total',
        help: 'Ends of processes, by service and how they ended.',
        type: 'counter',
        samples: exits.samples(),
      },
      { name: 'hyphae_facts_total', help: 'Facts that were stated, by type.', type: 'counter', samples: facts.samples() },
      {
        name: 'hyphae_workflows_total',
        help: 'Workflows that ended, by outcome.',
        type: 'counter',
        samples: workflows.samples(),
      },
      {
        name: 'hyphae_logins_refused_total',
        help: 'Callers who could not prove who they are.',
        type: 'counter',
        samples: refused.samples(),
      },
      {
        name: 'hyphae_requests_total',
        help: 'Commands that were asked for, by command and what they were answered.',
        type: 'counter',
        samples: requests.samples(),
      },
      {
        name: 'hyphae_request_duration_seconds',
        help: 'From a command to its answer; with wait: until it is settled.',
        type: 'histogram',
        samples: durations.samples(),
      },
      {
        name: 'hyphae_streams',
        help: 'Streams that are open now, by command.',
        type: 'gauge',
        samples: Array.from(streams, ([command, value]) => ({ labels: { command }, value })),
      },
    ],
  }
}
