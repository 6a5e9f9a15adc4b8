import { HyphaeError, messageOf } from '../protocol/errors.ts'
import type { Damage, FactQuery, Journal, JournalFault, Kept, Opened, Retention } from '../protocol/journal.ts'
import type { Fact } from '../protocol/facts.ts'
import { formatDuration } from '../protocol/duration.ts'
import { limits } from '../protocol/limits.ts'
import { createAging } from './aging.ts'
import type { Tuning } from './database.ts'
import type { Begun, FromThread, OpenAnswer } from './messages.ts'
import { createQueue } from './queue.ts'
import { startThread, type Thread } from './thread.ts'

export interface JournalSettings {
  /** The state folder; it is made where it is missing. */
  readonly dir: string
  readonly retention: Retention
  /** Wall clock, ms; only the age of facts is decided by it, as far as the monotonic clock bears it out. */
  readonly wall?: () => number
  /** Monotonic, ms. */
  readonly clock?: () => number
  readonly tuning?: Tuning
}

interface Waiter {
  resolve(): void
  reject(error: HyphaeError): void
}

/** Opens the journal of a state folder. Always resolves with one that works, or that goes on trying to. */
export function openJournal(settings: JournalSettings): Promise<Opened> {
  const { dir, retention, wall = Date.now, clock = () => performance.now(), tuning = {} } = settings
  const queue = createQueue()
  const aging = createAging(retention.maxAge, { wall, clock })
  const faultListeners = new Set<(fault: JournalFault) => void>()
  const damageListeners = new Set<(damage: Damage) => void>()
  const questions = new Map<number, (answer: FromThread | undefined) => void>()
  let thread: Thread | undefined
  let fault: JournalFault = null
  let opened: ((answer: OpenAnswer) => void) | undefined
  /** A batch is on its way, with these waiting for it. */
  let flying: { readonly sync: boolean; readonly waiters: Waiter[] } | undefined
  /** These wait for the next batch. */
  let waiters: Waiter[] = []
  let scheduled = false
  /** Something is committed and was not fsynced. */
  let unsynced = false
  /** For the next thread. */
  let begun: Begun = 'now'
  /** Writes that are no plain data: the next sync tells. */
  let refused: string | undefined
  let retry: NodeJS.Timeout | undefined
  let stall: NodeJS.Timeout | undefined
  let asked = 0
  let closed: Promise<void> | undefined
  let afterFlight: (() => void) | undefined

  const storage = (why: string): HyphaeError => new HyphaeError('storage', why)
  const setFault = (next: JournalFault): void => {
    if (next === fault) return
    fault = next
    for (const listener of faultListeners) listener(next)
  }
  const busy = (): void => thread?.keepAlive(flying !== undefined || opened !== undefined || questions.size > 0)

  const start = (): void => {
    try {
      thread = startThread({ hear, died })
      thread.say({ is: 'open', dir, retention, tuning, now: wall(), begun })
    } catch (error) {
      // No process, no descriptor, no memory left for a thread. Told as its death, so in a later turn.
      setImmediate(() => died(messageOf(error)))
    }
  }
  const died = (because: string): void => {
    thread = undefined
    for (const answer of questions.values()) answer(undefined)
    questions.clear()
    const why = `the journal in ${dir} cannot be written: its thread ended: ${because}`
    opened?.({ is: 'opened', records: [], lastSeq: 0, newest: null, damage: null, fault: why, read: false })
    landed(why)
  }
  const hear = (message: FromThread): void => {
    switch (message.is) {
      case 'opened':
        // A thread that follows a dead one is asked for nothing but to go on.
        if (opened) opened(message)
        else if (message.damage) tellDamage(message.damage)
        return
      case 'done':
        return landed(message.fault)
      case 'damaged':
        return tellDamage(message.damage)
      case 'facts':
      case 'kept':
        questions.get(message.id)?.(message)
        questions.delete(message.id)
        return busy()
    }
  }
  const tellDamage = (damage: Damage): void => {
    for (const listener of damageListeners) listener(damage)
  }

  /** A batch is committed, or it is not and everything in it waits again. */
  const landed = (why: JournalFault): void => {
    const was = flying
    flying = undefined
    clearTimeout(stall)
    if (why === null) {
      queue.done()
      begun = 'before'
      if (was) unsynced = !was.sync
      for (const { resolve } of was?.waiters ?? []) resolve()
      setFault(null)
    } else {
      queue.putBack()
      const waiting = [...(was?.waiters ?? []), ...waiters]
      waiters = []
      for (const { reject } of waiting) reject(storage(why))
      setFault(queue.dropped === 0 ? why : `${why}; ${queue.dropped} facts that waited were dropped`)
      again()
    }
    busy()
    afterFlight?.()
    if (fault === null && (!queue.empty || waiters.length > 0)) fly(waiters.length > 0)
  }
  /** A disk that hangs says nothing; whoever waits for it must hear that. What is on its way is not lost, and may yet arrive. */
  const stalled = (): void => {
    const after = formatDuration(tuning.stall ?? limits.journalStall)
    const why = `the journal in ${dir} cannot be written: its disk has not answered for ${after}; look at it, and it goes on by itself`
    for (const { reject } of [...(flying?.waiters.splice(0) ?? []), ...waiters.splice(0)]) reject(storage(why))
    setFault(why)
  }
  const again = (): void => {
    clearTimeout(retry)
    if (closed) return
    // With fsync, also when nothing new waits: that it works again is to be known, not hoped.
    retry = setTimeout(() => fly(true), tuning.retry ?? limits.journalRetry).unref()
  }
  const fly = (sync: boolean): void => {
    scheduled = false
    if (flying) return
    if (!thread) start()
    flying = { sync, waiters }
    waiters = []
    stall = setTimeout(stalled, tuning.stall ?? limits.journalStall).unref()
    thread?.say({ is: 'batch', ...queue.take(), sync, now: wall(), tooOld: aging.tooOld() })
    busy()
  }
  /** Not at once: whatever else is written in this turn goes with it. */
  const schedule = (): void => {
    if (scheduled || flying || fault !== null || closed) return
    scheduled = true
    setImmediate(() => {
      if (scheduled && fault === null && !closed) fly(waiters.length > 0)
      scheduled = false
    })
  }
  const queued = (what: string, add: () => void): void => {
    if (closed) return
    try {
      add()
      schedule()
    } catch (error) {
      refused = `${what} cannot be written: ${messageOf(error)}`
    }
  }
  const ask = (question: { is: 'kept' } | { is: 'read'; query: FactQuery }): Promise<FromThread | undefined> =>
    new Promise((resolve) => {
      if (!thread || closed) return resolve(undefined)
      const id = ++asked
      questions.set(id, resolve)
      thread.say({ ...question, id })
      busy()
    })

  const journal: Journal = {
    get fault() {
      return fault
    },
    onFault(listener) {
      faultListeners.add(listener)
      return () => faultListeners.delete(listener)
    },
    onDamage(listener) {
      damageListeners.add(listener)
      return () => damageListeners.delete(listener)
    },
    put: ({ kind, key, value }) =>
      queued(`the record ${kind} ${key}`, () => queue.record(kind, key, JSON.stringify(value ?? null))),
    remove: (kind, key) => queued(`the record ${kind} ${key}`, () => queue.record(kind, key, null)),
    append: (fact) => queued(`the fact ${fact.seq}`, () => queue.fact(fact)),
    sync() {
      if (closed) return Promise.reject(storage(`the journal in ${dir} is closed`))
      if (fault !== null) return Promise.reject(storage(fault))
      if (refused !== undefined) {
        const why = refused
        refused = undefined
        return Promise.reject(storage(why))
      }
      const idle = queue.empty && waiters.length === 0
      if (idle && !flying && !unsynced) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const list = idle && flying?.sync ? flying.waiters : waiters
        list.push({ resolve, reject })
        schedule()
      })
    },
    async read(query: FactQuery) {
      // Taken before the question: a batch that is committed meanwhile may be in the answer as well.
      const waiting = queue.facts(query)
      const answer = await ask({ is: 'read', query })
      const found = answer?.is === 'facts' ? answer.facts.map((json) => JSON.parse(json) as Fact) : []
      const bySeq = new Map([...found, ...waiting].map((fact) => [fact.seq, fact]))
      const facts = [...bySeq.values()].sort((a, b) => a.seq - b.seq)
      return facts.slice(Math.max(0, facts.length - query.limit))
    },
    async kept(): Promise<Kept> {
      const waiting = queue.facts({ limit: Infinity })
      if (!flying && !queue.empty && fault === null && !closed) fly(waiters.length > 0)
      const answer = await ask({ is: 'kept' })
      const kept = answer?.is === 'kept' ? answer.kept : null
      if (kept) return kept
      const bytes = waiting.reduce((sum, fact) => sum + JSON.stringify(fact).length, 0)
      return { facts: waiting.length, bytes, oldest: waiting[0]?.time ?? null, ...retention }
    },
    close() {
      closed ??= end()
      return closed
    },
  }

  async function end(): Promise<void> {
    clearTimeout(retry)
    // What is written while a batch is on its way goes with the next; where it cannot be written, one try is enough.
    const left = (): boolean => thread !== undefined && (flying !== undefined || !queue.empty || waiters.length > 0)
    for (let trying = true; trying && left();) {
      const done = flight()
      if (!flying) fly(true)
      trying = (await done) && fault === null
    }
    for (const { reject } of waiters) reject(storage(`the journal in ${dir} is closed`))
    await thread?.end()
    for (const answer of questions.values()) answer(undefined)
  }
  /** False when it has not landed in time. */
  const flight = (): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), tuning.stall ?? limits.journalCloseTime)
      afterFlight = () => {
        clearTimeout(timer)
        afterFlight = undefined
        resolve(true)
      }
    })

  return new Promise((resolve) => {
    opened = ({ records, lastSeq, newest, damage, fault: why, read }) => {
      opened = undefined
      aging.begin(newest)
      begun = read ? 'before' : 'without'
      fault = why
      if (why !== null) {
        queue.putBack()
        again()
      }
      busy()
      resolve({ journal, records, lastSeq, damage })
    }
    start()
  })
}
