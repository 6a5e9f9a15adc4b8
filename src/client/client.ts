import { HyphaeError } from '../protocol/errors.ts'
import { openItems, type Items } from './items.ts'
import { serviceHandle, type ServiceHandle } from './service.ts'
import type { CallName, Output, StreamName, WithInput } from './types.ts'
import { openWire } from './wire.ts'

export interface CallOptions {
  /** How long to wait for the answer, ms; without it as long as the connection lives. What was asked goes on all the same. */
  readonly timeout?: number
}

export interface Client {
  /** Where it is connected to. */
  readonly socket: string
  /** Asks one command; rejects with a HyphaeError (code, message, data) when it is refused or fails. */
  call<N extends CallName>(name: N, ...args: WithInput<N, [options?: CallOptions]>): Promise<Output<N>>
  /** The items of a stream, as they come. A reader that stops reading holds the other side back. */
  stream<N extends StreamName>(name: N, ...args: WithInput<N>): Items<Output<N>>
  /** One service, as an actor: `client.service('web').send({ type: 'RESTART' })`. */
  service(name: string): ServiceHandle
  /** Ends the connection and every stream; what is pending is rejected. */
  close(): void
}

export interface ConnectOptions {
  /** Path of the orchestrator's unix socket. */
  readonly socket: string
  /** How long to wait for the connection, ms. */
  readonly timeout?: number
}

export async function connect({ socket, timeout }: ConnectOptions): Promise<Client> {
  const streams = new Set<{ return(): Promise<unknown> }>()
  let closed = false
  const wire = await openWire(socket, { notified() {}, lost() {} }, timeout)

  const client: Client = {
    socket,
    async call<N extends CallName>(name: N, ...[input, options]: WithInput<N, [options?: CallOptions]>) {
      return (await wire.request(name, input ?? {}, options?.timeout)) as Output<N>
    },
    stream<N extends StreamName>(name: N, ...[input]: WithInput<N>) {
      if (closed) throw new HyphaeError('unavailable', 'the client was closed', { socket })
      const items = openItems<Output<N>>(socket, name, input ?? {}, (ended) => streams.delete(ended))
      streams.add(items)
      return items
    },
    service: (name) => serviceHandle(client, name),
    close() {
      closed = true
      wire.close()
      for (const items of streams) void items.return()
    },
  }
  return client
}
