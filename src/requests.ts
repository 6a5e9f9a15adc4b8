import { createHash } from 'node:crypto'
import * as z from 'zod'
import { HyphaeError } from './protocol/errors.ts'
import type { Journal, JournalRecord } from './protocol/journal.ts'
import { isRecord } from './protocol/json.ts'
import { limits } from './protocol/limits.ts'
import { roles, type Principal, type Role } from './protocol/principal.ts'
import type { ServiceRecord } from './protocol/record.ts'
import type { Reply } from './protocol/reply.ts'

/**
 * Requests that carry an id of their caller's choice. Asked again under the same id, also after a crash, a command is not
 * run again: it gets the answer of the first time.
 *
 * An id is on the disk before its command is carried out. After a crash in between, the records and processes of the services
 * it was about tell whether it had an effect.
 */

const requestRecord = z.object({
  format: z.literal(1),
  id: z.string(),
  principal: z.object({ name: z.string(), via: z.string(), role: z.enum(Object.keys(roles) as [Role, ...Role[]]) }),
  command: z.string(),
  input: z.unknown(),
  /** Wall clock ms; the oldest are forgotten first. */
  at: z.number(),
  /** The generations of the services it was about, before. */
  before: z.record(z.string(), z.number()),
  /** Actors were told. */
  begun: z.boolean(),
  /** The reply is of when they were told, and somebody waited for more. */
  open: z.boolean().optional(),
  reply: z.custom<Reply>((value) => typeof value === 'object' && value !== null && 'ok' in value).nullable(),
})
type RequestRecord = z.infer<typeof requestRecord>

export interface RequestCall {
  readonly principal: Principal
  readonly id: string
  readonly command: string
  readonly input: unknown
  readonly before: Readonly<Record<string, number>>
}

/** What the gateway has to do with a request that is new: say when actors were told, and what came of it. */
export interface RequestSlip {
  begun(accepted: Reply): void
  done(reply: Reply): void
  /** It goes on until then: what is left of it is carried out after a crash. */
  until(heard: Promise<void>): void
  /** Nothing was done: the id is free again. */
  withdraw(): void
}

/** Is it short enough to be kept with its id? */
export const fitsRequest = (input: unknown): boolean => JSON.stringify(input).length <= limits.requestInput

export interface Requests {
  /**
   * The reply of the first time; null when it was carried out and nobody knows its reply any more. A request that is new is
   * written down and run. Rejects when the id was used for something else, and when it can't be written down.
   */
  take(call: RequestCall, run: (slip: RequestSlip) => Promise<Reply>): Promise<Reply | null>
  /**
   * Those that were on the disk when an earlier run was killed, and of which some services had not heard yet: with these
   * alone in their input. `generations`: as the marks of processes have them, which may know more than the journal.
   */
  unfinished(records: ReadonlyMap<string, ServiceRecord>, generations: ReadonlyMap<string, number>): RequestCall[]
  /** Carries one of them out. */
  resume(call: RequestCall, run: (slip: RequestSlip) => Promise<Reply>): Promise<Reply | null>
}

export interface RequestsParts {
  readonly journal: Pick<Journal, 'put' | 'remove' | 'sync'>
  readonly records: readonly JournalRecord[]
  /** Wall clock, ms. */
  wall(): number
}

export function createRequests({ journal, records, wall }: RequestsParts): Requests {
  const known = new Map<string, RequestRecord>()
  const underWay = new Map<string, Promise<Reply>>()
  /** Those that go on after they were answered, and until when. */
  const lasting = new Map<string, Promise<void>>()
  for (const { kind, value } of records) {
    const record = kind === 'request' ? requestRecord.safeParse(value).data : undefined
    if (record !== undefined) known.set(keyOf(record.principal, record.id), record)
  }
  // The oldest first, whatever order they came in.
  for (const [key, record] of [...known].sort(([, a], [, b]) => a.at - b.at)) {
    known.delete(key)
    known.set(key, record)
  }

  const put = (key: string, record: RequestRecord): void => {
    known.set(key, record)
    journal.put({ kind: 'request', key, value: record })
  }
  const drop = (key: string): void => {
    known.delete(key)
    journal.remove('request', key)
  }
  const makeRoom = (): void => {
    for (const key of known.keys()) {
      if (known.size < limits.requests) return
      if (!underWay.has(key)) drop(key)
    }
  }

  async function repeat(key: string, record: RequestRecord): Promise<Reply | null> {
    const running = underWay.get(key)
    if (running !== undefined) return running
    // Its answer may have been written down in vain (a full disk).
    await journal.sync()
    return record.open === true ? orphaned(record.reply) : record.reply
  }

  async function first(key: string, record: RequestRecord, run: (slip: RequestSlip) => Promise<Reply>): Promise<Reply> {
    let now = record
    const change = (more: Partial<RequestRecord>): void => {
      now = { ...now, ...more }
      put(key, now)
    }
    try {
      await journal.sync()
    } catch (error) {
      drop(key)
      throw error
    }
    return run({
      begun: (accepted) => change({ begun: true, ...(now.reply === null ? { open: true, reply: bounded(accepted) } : {}) }),
      done: (reply) => change({ begun: now.begun || !lasting.has(key), open: false, reply: bounded(reply) }),
      until: (heard) => void lasting.set(key, heard),
      withdraw: () => drop(key),
    })
  }

  const start = (key: string, record: RequestRecord, run: (slip: RequestSlip) => Promise<Reply>): Promise<Reply> => {
    const free = async (): Promise<void> => {
      await lasting.get(key)
      lasting.delete(key)
      underWay.delete(key)
    }
    const running = first(key, record, run).finally(() => void free())
    underWay.set(key, running)
    return running
  }

  return {
    async take({ principal, id, command, input, before }, run) {
      if (!fitsRequest(input)) {
        const message = `request_id: a request with an id may be at most ${limits.requestInput} characters long`
        throw new HyphaeError('too_large', message, { field: 'request_id' })
      }
      const key = keyOf(principal, id)
      const earlier = known.get(key)
      if (earlier !== undefined) {
        const same = earlier.command === command && JSON.stringify(earlier.input) === JSON.stringify(input)
        if (!same) {
          const when = new Date(earlier.at).toISOString()
          throw new HyphaeError(
            'invalid_params',
            `request_id: "${id}" was used for another request (${earlier.command}, ${when})`,
            {
              field: 'request_id',
            },
          )
        }
        if (earlier.begun || underWay.has(key)) return repeat(key, earlier)
      }
      makeRoom()
      const { name, via, role } = principal
      const record: RequestRecord = {
        format: 1,
        id,
        principal: { name, via, role },
        command,
        input,
        at: wall(),
        before: { ...before },
        begun: false,
        reply: null,
      }
      put(key, record)
      return start(key, record, run)
    },
    unfinished(records, generations) {
      const rest: RequestCall[] = []
      for (const [key, record] of known) {
        if (record.begun) continue
        const services = Object.keys(record.before).filter((name) => generations.has(name))
        const deaf = services.filter(
          (name) => !hasHeard(record, records.get(name), record.before[name] ?? 0, generations.get(name)),
        )
        // What went to no service (a shutdown, a kill) was meant for the run that has ended.
        if (deaf.length === 0) put(key, { ...record, begun: true })
        else rest.push({ ...record, input: without(record.input, deaf) })
      }
      return rest
    },
    async resume({ principal, id }, run) {
      const key = keyOf(principal, id)
      const record = known.get(key)
      if (record === undefined || record.begun || underWay.has(key)) return null
      return start(key, record, run)
    },
  }
}

/** The input with these services only, where it names any. */
const without = (input: unknown, deaf: readonly string[]): unknown =>
  isRecord(input) && Array.isArray(input['services']) ? { ...input, services: deaf } : input

/** Did a service hear of this request before the kill? */
function hasHeard(
  request: RequestRecord,
  record: ServiceRecord | undefined,
  before: number,
  marked: number | undefined,
): boolean {
  if (record?.request === request.id) return true
  // A process that is newer than all that the journal knows was started by what was asked last. A stop starts none.
  return !isStop(request) && (marked ?? 0) > Math.max(before, record?.generation ?? 0)
}

const isStop = ({ command, input }: RequestRecord): boolean => {
  const event = isRecord(input) ? input['event'] : undefined
  return command === 'service.stop' || (isRecord(event) && event['type'] === 'STOP')
}

const keyOf = ({ name }: Pick<Principal, 'name'>, id: string): string =>
  `${createHash('sha256').update(name).digest('hex').slice(0, 8)} ${id}`

/** Of a workflow that ended together with the orchestrator: it is at no step, and nobody knows more of it than its events. */
function orphaned(reply: Reply | null): Reply | null {
  if (reply?.ok !== true || !isRecord(reply.output) || !('step' in reply.output)) return reply
  const because = 'it was over when the orchestrator was: how far it came stands in the events'
  return { ok: true, output: { ...reply.output, step: null, because } }
}

/** The answer of a large fleet is not worth its place. */
const bounded = (reply: Reply): Reply | null => (JSON.stringify(reply).length > limits.requestReply ? null : reply)
