import process from 'node:process'
import type { Log, Orchestrator } from '../../options.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { HealthReport } from '../../protocol/health.ts'
import { limits } from '../../protocol/limits.ts'
import { serviceManagerOf, type ServiceManager } from './service-manager.ts'

/** What systemd hears of us: that we are ready, what we do, and, while we are alive, that we are. */
export interface Notifier {
  /** Everything has been told to start. Waiting until all of it is ready would fail the whole unit for one broken service. */
  ready(): void
  fact(fact: Fact): void
  /** The last words, as far as they can be said in time. */
  end(): Promise<void>
}

export interface NotifierParts {
  readonly orchestrator: Pick<Orchestrator, 'view'>
  readonly log: Pick<Log, 'warn'>
  /** Is all well? Rejects where it can't be told. */
  health(): Promise<HealthReport>
  readonly env?: NodeJS.ProcessEnv
  readonly pid?: number
}

const nobody: Notifier = { ready() {}, fact() {}, end: async () => {} }

export function notifierOf({ orchestrator, log, health, env = process.env, pid }: NotifierParts): Notifier {
  const failed = (because: string): void => log.warn({ error: because }, 'The service manager could not be told')
  const manager = serviceManagerOf({ env, failed, ...(pid === undefined ? {} : { pid }) })
  if (manager === null) return nobody
  const beat = heartbeat(manager, health, log)
  let shown = ''
  let reloading = false
  let over = false
  let timer: NodeJS.Timeout | undefined
  const status = (): string => statusText(orchestrator.view)
  const isReloading = (): boolean => Array.from(orchestrator.view.actors()).some(({ kind, live }) => kind === 'reload' && live)
  const tellStatus = (): void => {
    timer = undefined
    if (over) return
    if (reloading) {
      // Looked at, however it ended: one that could not even begin states nothing.
      if (isReloading()) timer = setTimeout(tellStatus, limits.notifyPause)
      else reloaded()
      return
    }
    const text = status()
    if (text === shown) return
    shown = text
    manager.tell({ STATUS: text })
  }
  const reloaded = (): void => {
    reloading = false
    shown = status()
    manager.tell({ READY: '1', STATUS: shown })
  }
  return {
    ready() {
      reloaded()
      beat.start()
    },
    fact({ type, because }) {
      if (type === 'system.stopping' || type === 'system.leaving') {
        shown = type === 'system.stopping' ? 'stopping every service' : 'leaving; services go on'
        manager.tell({ STOPPING: '1', STATUS: shown })
        reloading = false
        over = true
      } else if (shown === '' || over) {
        // Until we are ready there is nothing to go back to, and at the end nothing to add.
      } else if (type === 'command.accepted' && because === 'system.reload') {
        reloading = true
        const now = String(process.hrtime.bigint() / 1000n)
        manager.tell({ RELOADING: '1', MONOTONIC_USEC: now, STATUS: 'reading the config again' })
        timer ??= setTimeout(tellStatus, limits.notifyPause)
      } else if (type.startsWith('service.')) {
        timer ??= setTimeout(tellStatus, limits.notifyPause)
      }
    },
    async end() {
      clearTimeout(timer)
      beat.stop()
      await manager.settled()
    },
  }
}

/** `5 of 6 services up; flaky is backing off`. */
export function statusText(view: Pick<Orchestrator['view'], 'serviceNames' | 'service'>): string {
  const all = view.serviceNames().flatMap((name) => {
    const found = view.service(name)
    return found === undefined ? [] : [{ name, up: found.status === 'running' || found.status === 'completed', ...found }]
  })
  const late = all.filter(({ up, desired }) => desired === 'run' && !up)
  const named = late.slice(0, limits.namedMembers).map(({ name, status }) => `${name} is ${status.replaceAll('_', ' ')}`)
  const more = late.length > named.length ? [`${late.length - named.length} more`] : []
  return [`${all.filter(({ up }) => up).length} of ${all.length} services up`, ...named, ...more].join('; ')
}

/**
 * Says that we are alive as long as our event loop turns and the journal answers. An answer that is late or bad
 * is none: silence is what the watchdog acts upon.
 */
function heartbeat(manager: ServiceManager, health: () => Promise<HealthReport>, log: Pick<Log, 'warn'>) {
  const { watchdog } = manager
  let timer: NodeJS.Timeout | undefined
  let asking = false
  const beat = async (): Promise<void> => {
    if (asking) return
    asking = true
    try {
      const { live, checks } = await health()
      if (live) manager.tell({ WATCHDOG: '1' })
      else log.warn({ error: checks.find(({ ok }) => !ok)?.because ?? '' }, 'The watchdog is not told that all is well')
    } catch (error) {
      log.warn({ err: error }, 'The watchdog is not told that all is well')
    } finally {
      asking = false
    }
  }
  return {
    start() {
      if (watchdog === null) return
      void beat()
      timer = setInterval(() => void beat(), watchdog)
    },
    stop: () => clearInterval(timer),
  }
}
