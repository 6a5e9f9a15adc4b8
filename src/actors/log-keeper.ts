import { statSync, type Stats } from 'node:fs'
import { setImmediate as breath } from 'node:timers/promises'
import { dirname } from 'node:path'
import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import { messageOf } from '../protocol/errors.ts'
import type { LogRules } from '../protocol/log-rules.ts'
import { limits } from '../protocol/limits.ts'
import type { RotationFact } from '../protocol/rotation.ts'
import { archivedIn, deleteOld } from './log-age.ts'
import { archivesOf, extentOf, readCursor, writeCursor } from './log-archive.ts'
import { compress, prune, recover, rotateLog, setLogAside } from './log-rotation.ts'
import { forgetLooks, lastLook, noteLook } from './log-times.ts'
import { createHolePuncher, type HolePuncher } from './punch-hole.ts'
import { createSemaphore } from './semaphore.ts'

export interface KeptLog {
  readonly service: string
  readonly rules: LogRules
}

export interface LogKeeperParts {
  /** The folder of the logs. */
  readonly folder: string
  logPath(service: string): string
  /** The services of now; the logs of others are deleted for their age alone. */
  logs(): Iterable<KeptLog>
  /** How long the logs of services are kept that are not there any more, ms; null: for ever. */
  readonly maxAge: number | null
  /** Our own environment: where programs are looked up. */
  readonly environment: NodeJS.ProcessEnv
  /** Why logs are not rotated; null: they are, or are again. */
  tell(because: string | null): void
  readonly holes?: HolePuncher
  /** Wall clock, ms. */
  readonly clock?: () => number
}

export interface LogKeeper {
  readonly logic: CallbackActorLogic<{ type: 'keeper.none' }, { readonly rotation: string }>
  /**
   * To be called before a program is started, while no other one of the service writes to its log: where holes can't be punched,
   * a log that is too large is set aside now.
   */
  renew(service: string): void
}

/** What we know of one log. */
interface Known {
  readonly inode: number
  size: number
  base: number
  /** Where what is in the file begins, as a position. */
  start: number
  seenAt: number
  /** The position of the last look that is written down. */
  notedTo: number
  busy: boolean
  retryAt: number
  fast?: NodeJS.Timeout | undefined
}

/**
 * Looks at every log again and again: notes when it grew, and rotates what is too large. By name and not by descriptor, so an
 * adopted service is like any other. What grows fast is looked at more often.
 */
export function createLogKeeper(parts: LogKeeperParts): LogKeeper {
  const { folder, logPath, logs, maxAge, environment, tell, clock = Date.now } = parts
  const holes = parts.holes ?? createHolePuncher({ environment })
  /** Too large, and can't be rotated while somebody writes to them: the position of the first byte in each file. */
  const overdue = new Map<string, number>()
  const failures = new Map<string, string>()
  let say = (_: RotationFact): void => {}
  const blocked = (): string | null => {
    const [first] = failures
    const more = failures.size > 1 ? ` (and ${failures.size - 1} more)` : ''
    return first === undefined ? null : `the log of ${first[0]} is not rotated: ${first[1]}${more}`
  }
  const end = (service: string, archives: number): void => {
    const differs = failures.delete(service)
    const because = blocked()
    if (differs) tell(because)
    say({ type: 'rotation.ended', service, archives, blocked: because })
  }
  const fail = (service: string, error: unknown): void => {
    const because = quoted(error)
    failures.set(service, because)
    const text = blocked() ?? because
    tell(text)
    say({ type: 'rotation.failed', service, blocked: text })
  }

  const run: CallbackLogicFunction<{ type: 'keeper.none' }, RotationFact, { readonly rotation: string }> = ({ sendBack }) => {
    const life = new AbortController()
    const signal = life.signal
    const known = new Map<string, Known>()
    const looking = new Set<string>()
    const places = createSemaphore(limits.logRotations)
    const presses = createSemaphore(limits.logCompressions)
    /** Logs that wait for their archives to be compressed. */
    const pressing = new Set<string>()
    let timer: NodeJS.Timeout | undefined
    let agedAt = -Infinity
    say = (fact) => {
      if (!signal.aborted) sendBack(fact)
    }

    const open = async (): Promise<void> => {
      for (const service of await archivedIn(folder)) await recover(logPath(service), { holes }).catch(() => undefined)
      say({ type: 'rotation.opened' })
      await round()
    }
    /** The next round begins only after the last one: a disk that hangs must not collect them. */
    const round = async (): Promise<void> => {
      if (signal.aborted) return
      const all = [...logs()]
      for (let at = 0; at < all.length && !signal.aborted; at += limits.eventSlice) {
        await Promise.all(all.slice(at, at + limits.eventSlice).map(look))
        await breath()
      }
      if (clock() - agedAt >= limits.logAgeLook) {
        agedAt = clock()
        await deleteOld({ folder, logPath, logs: all, maxAge, now: clock() }).catch(() => undefined)
      }
      const names = new Set(all.map(({ service }) => service))
      for (const [service, log] of known) if (!names.has(service) && !log.busy) forget(service)
      if (!signal.aborted) timer = setTimeout(() => void round(), limits.logLook).unref()
    }
    const forget = (service: string): void => {
      clearTimeout(known.get(service)?.fast)
      known.delete(service)
      overdue.delete(service)
      if (failures.has(service)) end(service, 0)
    }

    const look = async (kept: KeptLog): Promise<void> => {
      const { service } = kept
      if (looking.has(service)) return
      looking.add(service)
      try {
        const path = logPath(service)
        const stats = statOf(path)
        if (stats === undefined || signal.aborted) return
        const before = known.get(service)
        if (before?.inode !== stats.ino || before.size !== stats.size) await grown(kept, path, stats, before)
        retry(kept)
      } catch (error) {
        // A broken disk says so once, and not with each look at each of thousands.
        if (!signal.aborted && failures.get(service) !== quoted(error)) fail(service, error)
      } finally {
        looking.delete(service)
      }
    }
    const retry = (kept: KeptLog): void => {
      const log = known.get(kept.service)
      if (log === undefined || log.busy || overdue.has(kept.service) || clock() < log.retryAt) return
      if (heldBy(log) >= kept.rules.maxSize) void rotate(kept, log)
      else if (failures.has(kept.service)) end(kept.service, 0)
    }
    const grown = async (kept: KeptLog, path: string, { ino, size }: Stats, before: Known | undefined): Promise<void> => {
      const now = clock()
      const continued = before !== undefined && before.inode === ino && size > before.size
      if (before?.busy === true && !continued) return
      const log = continued ? before : await begin(kept, path)
      if (log === undefined) return
      const rate = continued ? (size - log.size) / Math.max(1, now - log.seenAt) : 0
      log.size = size
      // Times must never go back, whatever the clock does.
      log.seenAt = Math.max(now, log.seenAt)
      const position = log.base + size
      if (position > log.notedTo) await noteLook(path, { time: log.seenAt, position })
      log.notedTo = position
      // At this rate it would be full before the next round: half that time is soon enough to see whether it stays so.
      const left = (kept.rules.maxSize - heldBy(log)) / rate / 2
      if (left > 0 && left < limits.logLook) sooner(kept, log, Math.max(left, limits.logFastLook))
    }
    const sooner = (kept: KeptLog, log: Known, delay: number): void => {
      clearTimeout(log.fast)
      log.fast = setTimeout(() => void look(kept), delay).unref()
    }
    /** One that we did not know, or that is another file now, or was emptied. */
    const begin = async (kept: KeptLog, path: string): Promise<Known | undefined> => {
      const { service, rules } = kept
      const extent = await extentOf(path)
      if (extent === undefined) return undefined
      const { inode, base, start, end } = extent
      const cursor = await readCursor(path)
      if (cursor !== null && (cursor.inode !== inode || cursor.base !== base)) {
        await writeCursor(path, { inode, base, start })
        await prune(path, rules, clock())
        if (rules.compress) void compressAll(path)
      }
      const last = await lastLook(path)
      // What was looked at there is not there any more.
      if (last !== undefined && last.position > end) await forgetLooks(path, { from: 0, to: base })
      const notedTo = last === undefined || last.position > end ? base : last.position
      const log = {
        inode,
        size: end - base,
        base,
        start,
        seenAt: Math.max(clock(), last?.time ?? 0),
        notedTo,
        busy: false,
        retryAt: 0,
      }
      clearTimeout(known.get(service)?.fast)
      known.set(service, log)
      return log
    }

    const rotate = async (kept: KeptLog, log: Known): Promise<void> => {
      const { service, rules } = kept
      const path = logPath(service)
      log.busy = true
      const release = await places.acquire(signal).catch(() => undefined)
      if (release === undefined) return
      try {
        const because = await holes.unable(dirname(path))
        if (because !== null) {
          // Where holes were punched before, what is in the file is not all of what its name would say.
          if (log.start === log.base) overdue.set(service, log.base)
          throw new Error(`${because}; it is rotated when the service is started again`)
        }
        say({ type: 'rotation.began', service })
        const archives = await rotateLog(path, rules, { holes, signal, most: limits.logTurn })
        end(service, archives)
        if (rules.compress) void compressAll(path)
      } catch (error) {
        if (!signal.aborted) fail(service, error)
        log.retryAt = clock() + limits.logRetry
      } finally {
        release()
        log.busy = false
      }
      const extent = await extentOf(path).catch(() => undefined)
      if (extent === undefined || signal.aborted) return
      log.base = extent.base
      log.start = extent.start
      sooner(kept, log, limits.logFastLook)
    }
    const compressAll = async (path: string): Promise<void> => {
      // Whoever waits already will find this archive too.
      if (pressing.has(path)) return
      pressing.add(path)
      const release = await presses.acquire(signal).catch(() => undefined)
      pressing.delete(path)
      if (release === undefined) return
      try {
        for (const archive of await archivesOf(path)) if (!archive.zipped && !signal.aborted) await compress(archive, signal)
      } catch {
        // Left as it is: uncompressed, and tried again with the next one.
      } finally {
        release()
      }
    }

    void open()
    return () => {
      life.abort()
      clearTimeout(timer)
      for (const { fast } of known.values()) clearTimeout(fast)
    }
  }

  return {
    logic: fromCallback(run),
    renew(service) {
      const base = overdue.get(service)
      if (base === undefined) return
      try {
        setLogAside(logPath(service), base)
        overdue.delete(service)
        end(service, 0)
      } catch {
        // It goes on growing, and is tried again at the next start.
      }
    },
  }
}

const quoted = (error: unknown): string => messageOf(error).slice(0, limits.quotedText)

const heldBy = ({ base, size, start }: Known): number => base + size - start

/** At once: through the thread pool it costs twenty times as much, and a spawn waits for the same disk anyway. */
const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
