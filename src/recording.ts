import type { Container, Containers } from './actors/containment.ts'
import type { Meter } from './actors/metrics.ts'
import type { ProcessIdentity } from './protocol/process.ts'
import type { Directory } from './directory.ts'
import { logFact } from './log-fields.ts'
import type { Log } from './options.ts'
import type { Fact, Statement } from './protocol/facts.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import type { Journal } from './protocol/journal.ts'
import { limits } from './protocol/limits.ts'
import { originOf, type Principal } from './protocol/principal.ts'

/** Where what actors state becomes a fact: in the directory, the journal, the log, and with whoever listens. */

/** From then on its process is another. */
const begins: ReadonlySet<string> = new Set(['service.spawned', 'service.adopted', 'service.handedOver'])

export interface RecordingParts {
  readonly directory: Directory
  readonly meter: Meter
  readonly containers: Containers
  readonly log: Log
  /** Undefined until it has been opened. */
  journal(): Journal | undefined
  /** Hears each statement before anybody else. */
  first(statement: Statement): void
}

export function createRecording({ directory, meter, containers, log, journal, first }: RecordingParts) {
  const listeners = new Set<(fact: Fact) => void>()

  /** Memory and CPU are measured from spawn to end. */
  const measure = ({ type, about, data }: Statement): void => {
    const service = about.slice('service.'.length)
    if (begins.has(type)) {
      const leader = data?.['leader'] as ProcessIdentity | null | undefined
      if (leader == null) return
      const container = (): Container | null => containers.holding(service, leader.pid) ?? containers.open(service)
      meter.track(service, leader, data?.['containment'] === 'cgroup' ? container() : null)
    } else if ((type === 'service.exited' && data?.['beside'] === undefined) || type === 'service.left') {
      meter.untrack(service)
    }
  }

  const state = (statement: Statement): void => {
    first(statement)
    measure(statement)
    const fact = directory.record(statement)
    journal()?.append(fact)
    logFact(log, fact, directory.entry(fact.about))
    for (const listener of listeners) {
      try {
        listener(fact)
      } catch (error) {
        log.error({ err: error }, 'a listener for facts failed')
      }
    }
  }

  return {
    state,
    /** Who asked what of whom. */
    accepted(command: string, principal: Principal, about: readonly Address[], request: string | undefined): void {
      const origin = originOf(principal)
      const asked = request === undefined ? { command, ...origin } : { command, request_id: request, ...origin }
      const known = about.filter((address) => directory.refOf(address) !== undefined)
      // One each, so that each service's own story has it; of very many, one tells their number.
      const many = known.length > limits.eventSlice
      for (const subject of many || known.length === 0 ? [addressOf('supervisor', 'root')] : known) {
        const data = many ? { ...asked, actors: known.length } : asked
        state({ type: 'command.accepted', about: subject, because: command, by: principal.name, data })
      }
    },
    onFact(listener: (fact: Fact) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
