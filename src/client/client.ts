import { limits } from '../protocol/limits.ts'
import { followEvents, followLogs, inspectActors, watchActors, type Followed } from './follow.ts'
import { openItems, type Items } from './items.ts'
import type { Place } from './place.ts'
import { serviceHandle, type ServiceHandle } from './service.ts'
import type { CallName, Input, Output, StreamName, WithInput } from './types.ts'
import { clientClosed, type RequestOptions, type Wire } from './wire.ts'

export interface CallOptions {
  /** How long to wait for the answer, ms; else as the client says. What was asked goes on all the same. */
  readonly timeout?: number | undefined
  /** Gives up waiting: the call rejects with the signal's reason. What was asked goes on all the same. */
  readonly signal?: AbortSignal | undefined
}

export interface StreamOptions {
  /** Ends the stream: its reader gets the signal's reason as an error. */
  readonly signal?: AbortSignal | undefined
}

export interface Client {
  /** Where it is connected to: the path of a socket, or a URL. */
  readonly at: string
  /**
   * Asks one command; rejects with a HyphaeError (code, message, data) when it is refused or fails. After the connection
   * was lost the next call makes a new one.
   */
  call<N extends CallName>(name: N, ...args: WithInput<N, [options?: CallOptions]>): Promise<Output<N>>
  /** The items of a stream, as they come, until its connection is lost. */
  stream<N extends StreamName>(name: N, ...args: WithInput<N, [options?: StreamOptions]>): Items<Output<N>>
  /**
   * Every actor, then its changes. After `begin` forget what you know: what follows is the whole present. It comes first,
   * and again only where what was missed while the connection was lost cannot be told (the orchestrator began anew).
   */
  watch(options?: Followed<Omit<Input<'actor.watch'>, 'after'>>): Items<Output<'actor.watch'>>
  /**
   * Every actor with its chart and state, then each event, step and end as it happens. After `begin` forget what you know.
   * It comes again where the orchestrator began anew, or where more has happened than is kept (8,192 records).
   */
  inspect(options?: Followed<Omit<Input<'inspection.watch'>, 'after'>>): Items<Output<'inspection.watch'>>
  /** The last lines that services wrote, then each new one. */
  logs(options?: Followed<Omit<Input<'logs.follow'>, 'after'>>): Items<Output<'logs.follow'>>
  /** What happened, then what happens. */
  events(options?: Followed<Omit<Input<'events.follow'>, 'after_seq'>>): Items<Output<'events.follow'>>
  /** One service, as an actor: `fleet.service('web').send({ type: 'RESTART' })`. */
  service(name: string): ServiceHandle
  /** Ends the connection and every stream; what is pending is rejected. */
  close(): void
}

export interface ClientOptions {
  /** How long each call waits for its answer, ms, where it does not say so itself; without it as long as it takes. */
  readonly timeout?: number | undefined
  /** How long opening a connection may take, ms; without it as long as a call. */
  readonly dialTimeout?: number | undefined
}

/** Connects; what it can do is the same everywhere. */
export async function createClient(
  place: Place,
  { timeout, dialTimeout = timeout ?? limits.dialTime }: ClientOptions,
): Promise<Client> {
  const streams = new Set<{ return(): Promise<unknown> }>()
  let closed = false
  let wire: Promise<Wire> | undefined

  function calls(): Promise<Wire> {
    if (wire !== undefined) return wire
    const forget = (): void => {
      if (wire === opening) wire = undefined
    }
    const opening = place.calls({ notified() {}, lost: forget }, dialTimeout)
    wire = opening
    opening.catch(forget)
    return opening
  }
  async function request(name: string, input: unknown, options: RequestOptions = {}): Promise<unknown> {
    if (closed) throw clientClosed()
    const open = await calls()
    return open.request(name, input, { timeout, ...options })
  }
  /** Ends together with the client. */
  function keep<T>(open: (ended: () => void) => Items<T>): Items<T> {
    if (closed) throw clientClosed()
    const items = open(() => streams.delete(items))
    streams.add(items)
    return items
  }
  const stream = <T>(name: string, input: unknown, { signal }: StreamOptions, ended: () => void, begun?: () => void): Items<T> =>
    openItems<T>({ open: (listener) => place.stream(listener, dialTimeout), method: name, input, signal, ended, begun })

  await calls()
  const client: Client = {
    at: place.at,
    async call<N extends CallName>(name: N, ...[input, options]: WithInput<N, [options?: CallOptions]>) {
      return (await request(name, input ?? {}, options)) as Output<N>
    },
    stream<N extends StreamName>(name: N, ...[input, options]: WithInput<N, [options?: StreamOptions]>) {
      return keep((ended) => stream<Output<N>>(name, input ?? {}, options ?? {}, ended))
    },
    watch: (options = {}) => keep((ended) => watchActors(source, options, ended)),
    inspect: (options = {}) => keep((ended) => inspectActors(source, options, ended)),
    logs: (options = {}) => keep((ended) => followLogs(source, options, ended)),
    events: (options = {}) => keep((ended) => followEvents(source, options, ended)),
    service: (name) => serviceHandle(client, name),
    close() {
      closed = true
      for (const items of streams) void items.return()
      wire?.then(
        (open) => open.close(),
        () => {},
      )
    },
  }
  const source = {
    at: place.at,
    call: client.call,
    stream: <T>(name: StreamName, input: unknown, begun: () => void): Items<T> => stream<T>(name, input, {}, () => {}, begun),
  }
  return client
}
