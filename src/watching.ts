import { createBannerStream } from './banner-stream.ts'
import type { Meter } from './actors/metrics.ts'
import { createHooks, type HooksParts } from './hooks.ts'
import type { Banner } from './protocol/banner.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Fact } from './protocol/facts.ts'
import type { Journal, Kept } from './protocol/journal.ts'
import { version } from './version.ts'
import { createBanner, type World } from './watch/banner.ts'
import { createHealth } from './watch/health.ts'
import { createMetrics } from './watch/metrics.ts'
import { createProcessFamilies } from './watch/process-families.ts'
import { createTallies } from './watch/tallies.ts'

/** What watches the whole: its health, its figures, and who is told of what happens. It reads and listens; no actor is asked anything. */

export interface WatchingParts extends Omit<HooksParts, 'clock' | 'specs'> {
  readonly meter: Meter
  /** Undefined until it has been opened. */
  journal(): Journal | undefined
  /** Monotonic ms. */
  clock(): number
  isCommand(name: string): boolean
  hooks: HooksParts['specs']
}

const nothingKept: Kept = { facts: 0, bytes: 0, oldest: null, maxAge: 0, maxBytes: 0 }

export function createWatching(parts: WatchingParts) {
  const { directory, meter, journal, clock, isCommand, view: viewOf } = parts
  const view = {
    supervisor: () => viewOf().supervisor(),
    listeners: () => viewOf().listeners(),
    serviceNames: () => viewOf().serviceNames(),
    service: (name: string) => viewOf().service(name),
    keptEvents: () => kept,
  }
  /** As it was when somebody looked last: the journal writes, and nobody waits for it to tell how much. */
  let kept: Kept = nothingKept
  const lookAtJournal = (): void =>
    void journal()
      ?.kept()
      .then(
        (now) => (kept = now),
        () => {},
      )
  const tallies = createTallies({ clock, isCommand })
  const own = createProcessFamilies({ version, clock, wall: Date.now })
  const hooks = createHooks({ ...parts, specs: parts.hooks })
  const banner = createBanner(Date.now())
  const showBanner = (): Banner => {
    const supervisor = view.supervisor()
    const world: World = {
      supervisor,
      lockdown: supervisor.lockdown,
      services: view.serviceNames().flatMap((name) => {
        const status = view.service(name)
        return status === undefined ? [] : [[name, status] as const]
      }),
      patience: (service) => viewOf().serviceDetail(service)?.spec.startTimeout ?? 0,
    }
    return banner.show(world, Date.now())
  }
  const stream = createBannerStream(showBanner)
  const reads = {
    banner: showBanner,
    health: createHealth({ view, journal, clock }),
    metrics: createMetrics({
      view,
      consumption: meter.consumption,
      addresses: directory.addresses,
      listenerOf(connection) {
        const listener = directory.entry(connection)?.snapshot.context['listener']
        return typeof listener === 'string' ? listener : undefined
      },
      look: lookAtJournal,
      families: () => [...tallies.families(), ...hooks.families(), ...own.families()],
    }),
  }
  return {
    /** What of it the view shows. */
    reads,
    /** What fills the ports of deliveries. */
    ports: hooks.ports,
    /** Tells the banner, and then each other one. */
    follow: stream.follow,
    /** Hears each fact. */
    hear(fact: Fact): void {
      tallies.hear(fact)
      banner.hear(fact)
      stream.stir()
      hooks.hear(fact)
    },
    counted: <G extends Gateway>(gateway: G): G => tallies.counted(gateway),
    start(): void {
      own.start()
      lookAtJournal()
    },
    /** Lets hooks be told what is still to be told. */
    async close(): Promise<void> {
      own.stop()
      await hooks.close()
    },
    /** Resolves once nothing is left of the programs of hooks. */
    cleared: hooks.cleared,
  }
}
