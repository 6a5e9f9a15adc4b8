import type * as z from 'zod'
import { addressOf } from '../protocol/ids.ts'
import type { serviceEvent } from '../protocol/service.ts'
import { HyphaeError } from '../protocol/errors.ts'
import type { CallOptions, Client } from './client.ts'
import type { Followed } from './follow.ts'
import type { Items } from './items.ts'
import type { Input, Output } from './types.ts'

type ServiceStatus = Output<'system.status'>['services'][string]
type ServiceResult = Output<'service.start'>['results'][number]

export interface ServiceOptions extends CallOptions {
  /** false: resolves as soon as it is accepted; a number: after that many ms at the latest, as it stands then. */
  readonly wait?: boolean | number
  /** Asked again under the same id, also after a crash, it is not done again. */
  readonly requestId?: string
}

/** One service of the fleet. */
export interface ServiceHandle {
  readonly name: string
  readonly address: string
  /** One of the events of its statechart; it answers at once. `start`, `stop` and `restart` wait until it is done. */
  send(event: z.input<typeof serviceEvent>, options?: CallOptions): Promise<Output<'actor.send'>>
  status(options?: CallOptions): Promise<ServiceStatus>
  /** Its last lines, then each new one. */
  logs(options?: Followed<Omit<Input<'logs.follow'>, 'after' | 'services'>>): Items<Output<'logs.follow'>>
  start(options?: ServiceOptions): Promise<ServiceResult>
  stop(options?: ServiceOptions): Promise<ServiceResult>
  restart(options?: ServiceOptions): Promise<ServiceResult>
  explain(options?: CallOptions): Promise<Output<'service.explain'>>
}

export function serviceHandle(client: Client, name: string): ServiceHandle {
  const address = addressOf('service', name)
  const ask =
    (verb: 'service.start' | 'service.stop' | 'service.restart') =>
    async ({ wait = true, requestId, ...options }: ServiceOptions = {}): Promise<ServiceResult> => {
      const id = requestId === undefined ? {} : { request_id: requestId }
      const { results } = await client.call(verb, { services: [name], wait, ...id }, options)
      const [result] = results
      // It answers with one result for each service that it was asked about.
      if (result === undefined) throw new TypeError(`${verb} answered without a result`)
      return result
    }
  return {
    name,
    address,
    send: (event, options) => client.call('actor.send', { to: address, event }, options),
    async status(options) {
      const { services } = await client.call('system.status', { services: [name] }, options)
      const found = services[name]
      if (found === undefined)
        throw new HyphaeError('not_found', `there is no single service "${name}": it is ${Object.keys(services).join(', ')}`)
      return found
    },
    logs: (options) => client.logs({ ...options, services: [name] }),
    start: ask('service.start'),
    stop: ask('service.stop'),
    restart: ask('service.restart'),
    explain: (options) => client.call('service.explain', { service: name }, options),
  }
}
