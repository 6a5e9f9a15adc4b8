import { fromCallback, type CallbackLogicFunction } from 'xstate'
import { createNotify } from './actors/notify.ts'
import { createRunner, type RunnerDependencies } from './actors/run-program.ts'
import { sleep } from './awaiting.ts'
import type { Directory } from './directory.ts'
import { eventOf, isTold, payloadOf } from './hook-payload.ts'
import type { HookInput } from './machines/hook.ts'
import type { PoolName } from './machines/orchestrator.ts'
import type { Log } from './options.ts'
import type { Fact, Statement } from './protocol/facts.ts'
import type { HookEvent, HookPayload, HookSpec, PlaceFact } from './protocol/hook.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { FleetView } from './protocol/view.ts'
import { createCounter } from './watch/counting.ts'
import type { Family } from './watch/exposition.ts'

/**
 * Hooks: makes a delivery, an actor of its own, of each fact that somebody outside wants to hear of. Those of one hook take
 * turns in the order of their facts; how many wait is bounded, and whoever states a fact never waits for any of it.
 */

export interface HooksParts extends RunnerDependencies {
  readonly directory: Directory
  readonly log: Log
  /** Those of the config as it is now. */
  specs(): readonly HookSpec[]
  view(): FleetView
  spawn(pool: PoolName, address: Address, input: unknown): void
  state(statement: Statement): void
  newId(): string
}

interface Delivery {
  readonly id: string
  readonly spec: HookSpec
  readonly event: HookEvent
  readonly payload: HookPayload
  /** Tells its actor, once it has one. */
  say: (fact: PlaceFact) => void
}

/** The deliveries of one hook, the oldest first. */
interface Lane {
  readonly queue: Delivery[]
  current: Delivery | null
  /** Since it was empty last. */
  dropped: number
}

export function createHooks({ directory, log, specs, view, spawn, state, newId, ...runnerParts }: HooksParts) {
  const runner = createRunner(runnerParts)
  const lanes = new Map<string, Lane>()
  const deliveries = new Map<string, Delivery>()
  const outcomes = createCounter()
  /** Facts of this turn, which become deliveries in the next: nobody else's turn gets longer. */
  let heard: Array<{ readonly spec: HookSpec; readonly fact: Fact; readonly event: HookEvent }> = []
  let closing = false

  const laneOf = (hook: string): Lane => {
    const lane = lanes.get(hook) ?? { queue: [], current: null, dropped: 0 }
    lanes.set(hook, lane)
    return lane
  }
  const waiting = (): number => Array.from(lanes.values()).reduce((sum, { queue }) => sum + queue.length, 0)

  function drop(hook: string, lane: Lane, why: string): void {
    const oldest = lane.queue.shift()
    if (oldest === undefined) return
    outcomes.add({ hook, outcome: 'dropped' })
    oldest.say({ type: 'place.lost', because: why })
    deliveries.delete(oldest.id)
    if (lane.dropped++ > 0) return
    const { event, payload } = oldest
    const because = `${hook}: ${why}; the oldest are dropped`
    state({ type: 'hook.dropped', about: addressOf('hook', oldest.id), because, data: { hook, event, service: payload.service } })
  }
  /** A burst is cut to size before any of it becomes an actor. */
  function makeRoom(hook: string): void {
    const lane = laneOf(hook)
    while (lane.queue.length > limits.hookQueue) drop(hook, lane, `more than ${limits.hookQueue} deliveries were waiting`)
    while (waiting() > limits.hookDeliveries) {
      const [longest] = Array.from(lanes).sort(([, a], [, b]) => b.queue.length - a.queue.length)
      if (longest === undefined) return
      drop(...longest, `more than ${limits.hookDeliveries} deliveries of all hooks were waiting`)
    }
  }

  function advance(hook: string): void {
    const lane = laneOf(hook)
    if (lane.current !== null) return
    const next = lane.queue.shift()
    if (next === undefined) {
      if (lane.dropped > 0) log.warn({ hook, dropped: lane.dropped }, 'deliveries to a hook were dropped')
      lanes.delete(hook)
      return
    }
    lane.current = next
    next.say({ type: 'place.given' })
  }

  function take(): void {
    const facts = heard
    heard = []
    const fresh: Delivery[] = []
    const parts = { directory, view: view() }
    for (const { spec, fact, event } of facts) {
      const id = newId()
      const payload = payloadOf(parts, fact, { delivery: id, hook: spec.name, event })
      const delivery: Delivery = { id, spec, event, payload, say: () => {} }
      deliveries.set(id, delivery)
      laneOf(spec.name).queue.push(delivery)
      makeRoom(spec.name)
      fresh.push(delivery)
    }
    for (const { id, spec, event, payload } of fresh) {
      if (!deliveries.has(id)) continue
      const { retries, delay, name: hook } = spec
      const input: HookInput = { id, hook, event, service: payload.service, retries, delay }
      spawn('hooks', addressOf('hook', id), input)
    }
    for (const hook of new Set(fresh.map(({ spec }) => spec.name))) advance(hook)
  }

  const place: CallbackLogicFunction<{ type: 'place.none' }, PlaceFact, { readonly id: string }> = ({
    input: { id },
    sendBack,
  }) => {
    const delivery = deliveries.get(id)
    if (delivery === undefined) return sendBack({ type: 'place.lost', because: 'it is over' })
    const hook = delivery.spec.name
    delivery.say = sendBack
    return () => {
      deliveries.delete(id)
      const lane = laneOf(hook)
      if (lane.current === delivery) lane.current = null
      else if (lane.queue.includes(delivery)) lane.queue.splice(lane.queue.indexOf(delivery), 1)
      // In a turn of its own: an actor that ends must not make another act before it is done.
      queueMicrotask(() => advance(hook))
    }
  }

  return {
    ports: {
      place: fromCallback(place),
      delivery: createNotify({ runner, delivery: (id) => deliveries.get(id) }),
    },
    hear(fact: Fact): void {
      const { type, data } = fact
      if (type === 'hook.delivered' || type === 'hook.failed')
        outcomes.add({ hook: String(data['hook']), outcome: type.slice('hook.'.length) })
      const hooks = specs()
      if (hooks.length === 0 || closing) return
      const event = eventOf(fact, directory)
      if (event === null) return
      for (const spec of hooks) {
        if (!isTold(spec, event, fact.about)) continue
        if (heard.length === 0) setImmediate(take)
        heard.push({ spec, fact, event })
      }
    },
    families: (): Family[] => [
      {
        name: 'hyphae_hook_deliveries_total',
        help: 'Deliveries to hooks that are over, by hook and outcome.',
        type: 'counter',
        samples: outcomes.samples(),
      },
      {
        name: 'hyphae_hook_pending',
        help: 'Deliveries that are under way or wait for their turn, by hook.',
        type: 'gauge',
        samples: Array.from(lanes, ([hook, { queue, current }]) => ({
          labels: { hook },
          value: queue.length + (current === null ? 0 : 1),
        })),
      },
    ],
    /** Waits for what is still to be told, but not long. */
    async close(): Promise<void> {
      const end = performance.now() + limits.hookFlush
      while ((heard.length > 0 || deliveries.size > 0) && performance.now() < end) await sleep(limits.hookFlushLook)
      closing = true
      if (deliveries.size > 0) log.warn({ pending: deliveries.size }, 'the end came before all hooks were told')
    },
    cleared: runner.cleared,
  }
}
