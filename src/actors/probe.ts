import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import { formatDuration } from '../protocol/duration.ts'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { ProbeCommand, ProbeFact, ProbeInput } from '../protocol/process.ts'
import type { ProbeTarget } from '../protocol/service.ts'
import { follow } from './log-follow.ts'
import { TookTooLong } from './look.ts'
import { lookExec } from './look-exec.ts'
import { lookHttp } from './look-http.ts'
import { lookMcp } from './look-mcp.ts'
import { lookTcp } from './look-tcp.ts'
import { monotonic } from './proc.ts'
import { createSemaphore } from './semaphore.ts'

export interface ProbeDependencies {
  logPath(service: string): string
  /** What commands inherit, without our secrets. */
  readonly environment: NodeJS.ProcessEnv
  /** Told of each look for liveness. */
  log(service: string, passed: boolean, fields: HealthFields): void
  /** Monotonic ms. */
  readonly clock?: () => number
}

/** Tells a command which process it is asked about: while two of a service run, its files and sockets can carry it. */
const pidVariable = 'HYPHAE_PID'

/** What the log line of a look says: `pid` and `uptime` (s) of what passed, `error` of what failed. */
export type HealthFields = { readonly pid: number; readonly uptime: number } | { readonly error: string }

/**
 * Looks at a service again and again, and says what it saw; what that means is for the statechart to say. It ends with its
 * actor, whatever is under way then.
 */
export function createProbe(dependencies: ProbeDependencies): CallbackActorLogic<ProbeCommand, ProbeInput> {
  const { environment, clock = monotonic } = dependencies
  const places = createSemaphore(limits.concurrentProbes)

  const run: CallbackLogicFunction<ProbeCommand, ProbeFact, ProbeInput> = ({ input, sendBack }) => {
    const { probe, service } = input
    if (probe === null) return
    const { target } = probe
    const tell = (because: string | null): void => {
      const at = clock()
      if (input.purpose === 'liveness') {
        const uptime = Math.floor((at - input.spawnedAt) / 1000)
        dependencies.log(service, because === null, because === null ? { pid: input.pid, uptime } : { error: because })
      }
      sendBack(because === null ? { type: 'probe.passed', at } : { type: 'probe.failed', because, at })
    }
    if (target.type === 'log') return awaitLine(target.pattern, dependencies.logPath(service), input.logOffset, tell)

    const life = new AbortController()
    let timer = setTimeout(() => void look(), probe.delay)
    // Most programs are ready long before the first interval is over, and others wait for them.
    let early: number = limits.firstLooks
    const pause = (): number => {
      if (input.purpose === 'liveness') return probe.interval
      const next = Math.min(early, probe.interval)
      early *= 2
      return next
    }
    const look = async (): Promise<void> => {
      const since = clock()
      const release = await places.acquire(life.signal).catch(() => null)
      if (release === null) return
      const because = await lookOnce((signal) => lookAt(target, input, environment, signal), probe.timeout, life.signal)
      release()
      if (life.signal.aborted) return
      timer = setTimeout(() => void look(), Math.max(0, since + pause() - clock()))
      tell(because)
    }
    return () => {
      clearTimeout(timer)
      life.abort()
    }
  }

  return fromCallback(run)
}

function lookAt(
  target: Exclude<ProbeTarget, { type: 'log' }>,
  { spec, pid }: ProbeInput,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | null> {
  switch (target.type) {
    case 'http':
      return lookHttp(target, signal)
    case 'mcp':
      return lookMcp(target, signal)
    case 'tcp':
      return lookTcp(target, signal)
    case 'exec':
      return lookExec(target, spec, { ...environment, [pidVariable]: String(pid) }, signal)
  }
}

/** One look with its time limit. Never rejects: whatever goes wrong is the reason. */
async function lookOnce(
  look: (signal: AbortSignal) => Promise<string | null>,
  timeout: number,
  life: AbortSignal,
): Promise<string | null> {
  const limit = new AbortController()
  const timer = setTimeout(() => {
    limit.abort(new TookTooLong(`no answer within ${formatDuration(timeout)}`))
  }, timeout)
  const stop = (): void => {
    limit.abort(life.reason)
  }
  life.addEventListener('abort', stop, { once: true })
  try {
    return await look(limit.signal)
  } catch (error) {
    return messageOf(error).slice(0, limits.quotedText)
  } finally {
    clearTimeout(timer)
    life.removeEventListener('abort', stop)
  }
}

/** Passes once, with the first line that matches, be it written before or after we began to look. */
function awaitLine(pattern: string, path: string, from: number, tell: (because: string | null) => void): () => void {
  let expression: RegExp
  try {
    expression = new RegExp(pattern)
  } catch (error) {
    tell(messageOf(error))
    return () => undefined
  }
  const cancel = follow(path, { from }, (lines) => {
    if (!lines.some(({ line }) => expression.test(line))) return
    cancel()
    tell(null)
  })
  return cancel
}
