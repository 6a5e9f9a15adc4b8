import { parseAddress, type Address } from '../protocol/ids.ts'
import type { FleetView } from '../protocol/view.ts'
import type { Kept } from '../protocol/journal.ts'
import type { Family, Labels, Sample } from './exposition.ts'

/** The fleet as it stands, as gauges: read from the read model, without a look at a process. */

/** What is known of a service's processes since its leader was spawned. */
export interface Consumption {
  readonly memoryBytes: number
  readonly cpuSeconds: number
}

export interface FleetParts {
  readonly view: Pick<FleetView, 'supervisor' | 'listeners' | 'serviceNames' | 'service'>
  /** As the background measured it last; undefined: it has not yet. */
  consumption(service: string): Consumption | undefined
  /** Of each live actor. */
  addresses(): Iterable<Address>
  /** The listener that a connection came through. */
  listenerOf(connection: Address): string | undefined
}

/** Families that are filled service by service. */
function perService() {
  const families = new Map<
    string,
    { readonly name: string; readonly help: string; readonly type: 'counter' | 'gauge'; readonly samples: Sample[] }
  >()
  const family = (type: 'counter' | 'gauge', name: string, help: string) => {
    const samples: Sample[] = []
    families.set(name, { name, help, type, samples })
    return (labels: Labels, value: number): void => void samples.push({ labels, value })
  }
  return { family, all: (): Family[] => [...families.values()] }
}

function serviceFamilies({ view, consumption }: FleetParts): Family[] {
  const { family, all } = perService()
  const total = family('gauge', 'hyphae_services', 'Services by status.')
  const up = family('gauge', 'hyphae_service_up', 'Has it a process?')
  const ready = family('gauge', 'hyphae_service_ready', 'Is it ready? 1 also for what has completed.')
  const wanted = family('gauge', 'hyphae_service_wanted', 'Is it to run?')
  const status = family('gauge', 'hyphae_service_status', 'The status of a service as a label; always 1.')
  const restarts = family('counter', 'hyphae_service_restarts_total', 'How often it was started again.')
  const uptime = family('gauge', 'hyphae_service_uptime_seconds', 'Since its process was spawned.')
  const memory = family('gauge', 'hyphae_service_memory_bytes', 'Resident memory of all its processes.')
  const limit = family('gauge', 'hyphae_service_memory_limit_bytes', 'How much memory its processes may use.')
  const cpu = family('counter', 'hyphae_service_cpu_seconds_total', 'CPU time of its processes since the first was spawned.')
  const counts = new Map<string, number>()
  for (const service of view.serviceNames()) {
    const now = view.service(service)
    if (now === undefined) continue
    counts.set(now.status, (counts.get(now.status) ?? 0) + 1)
    up({ service }, now.pid === null ? 0 : 1)
    ready({ service }, now.status === 'running' || now.status === 'completed' ? 1 : 0)
    wanted({ service }, now.desired === 'run' ? 1 : 0)
    status({ service, status: now.status }, 1)
    restarts({ service }, now.restart_count)
    if (now.memory_limit !== null) limit({ service }, Math.round(now.memory_limit.mb * 2 ** 20))
    if (now.pid === null) continue
    uptime({ service }, now.uptime)
    const used = consumption(service)
    if (used === undefined) continue
    memory({ service }, used.memoryBytes)
    cpu({ service }, used.cpuSeconds)
  }
  for (const [one, count] of counts) total({ status: one }, count)
  return all()
}

export function fleetFamilies(parts: FleetParts, kept: Kept): Family[] {
  const { view, addresses, listenerOf } = parts
  const actors = new Map<string, number>()
  const listeners = view.listeners()
  const connections = new Map(listeners.map(({ name }) => [name, 0]))
  for (const address of addresses()) {
    const { kind } = parseAddress(address)
    actors.set(kind, (actors.get(kind) ?? 0) + 1)
    const listener = kind === 'connection' ? listenerOf(address) : undefined
    if (listener !== undefined) connections.set(listener, (connections.get(listener) ?? 0) + 1)
  }
  const by = (label: string, counts: Iterable<readonly [string, number]>): Sample[] =>
    Array.from(counts, ([name, value]) => ({ labels: { [label]: name }, value }))
  const faults = view.supervisor().faults.map(({ what }) => [what, 1] as const)
  return [
    ...serviceFamilies(parts),
    { name: 'hyphae_actors', help: 'Actors that live now, by kind.', type: 'gauge', samples: by('kind', actors) },
    {
      name: 'hyphae_connections',
      help: 'Connections that are open now, by listener.',
      type: 'gauge',
      samples: by('listener', connections),
    },
    {
      name: 'hyphae_listener_up',
      help: 'Is the listener bound?',
      type: 'gauge',
      samples: by(
        'listener',
        listeners.map(({ name, address }) => [name, address === null ? 0 : 1] as const),
      ),
    },
    { name: 'hyphae_fault', help: 'What is wrong around it now; always 1.', type: 'gauge', samples: by('what', faults) },
    { name: 'hyphae_journal_facts', help: 'Facts that the journal keeps.', type: 'gauge', samples: [{ value: kept.facts }] },
    { name: 'hyphae_journal_facts_bytes', help: 'Bytes that they take.', type: 'gauge', samples: [{ value: kept.bytes }] },
  ]
}
