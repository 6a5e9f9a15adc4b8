import type { Plan } from './command.ts'
import { addressOf, type Address } from './ids.ts'
import { isRecord } from './json.ts'

/** The services (or other actors) that a plan is about: a workflow is about its service. */
export function subjects({ tell }: Plan<unknown>): Address[] {
  const about = tell.flatMap(({ to, event }) => {
    const { service, services } = isRecord(event['input']) ? event['input'] : {}
    if (Array.isArray(services)) return services.map((name) => addressOf('service', String(name)))
    return typeof service === 'string' ? addressOf('service', service) : to
  })
  return [...new Set(about)]
}
