import { setImmediate as turn } from 'node:timers/promises'
import { admit, callerOf } from './admission.ts'
import type { Gateway, Sink } from './protocol/calls.ts'
import type { Changed, Command, Mutation, Plan, StreamRequest } from './protocol/command.ts'
import { HyphaeError, messageOf } from './protocol/errors.ts'
import { formatDuration } from './protocol/duration.ts'
import { parseAddress, type Address } from './protocol/ids.ts'
import { isRecord } from './protocol/json.ts'
import { limits } from './protocol/limits.ts'
import type { Ticket } from './protocol/login.ts'
import type { Principal, Role } from './protocol/principal.ts'
import type { Reply, ReplyError } from './protocol/reply.ts'
import { subjects } from './protocol/subjects.ts'
import { fitsRequest, type RequestCall, type Requests, type RequestSlip } from './requests.ts'
import type { FleetView } from './protocol/view.ts'

export interface GatewayParts {
  readonly registry: ReadonlyMap<string, Command>
  readonly view: FleetView
  /** Hands an event to the actor at an address; false when there is none. */
  deliver(to: Address, event: { readonly type: string }): boolean
  /** Calls back after any of these changed. */
  listen(addresses: readonly Address[], listener: (changed: ReadonlySet<Address>) => void): () => void
  /** Starts a stream; answers how to end it. */
  open(request: StreamRequest, sink: Sink): () => void
  /** Monotonic ms. */
  clock(): number
  newId(): string
  /** A secret that lets somebody in as this one. */
  ticket(login: string, issuer: Principal, role: Role): Ticket
  readonly requests: Pick<Requests, 'take' | 'resume'>
  /** Undefined once every actor knows how things stand; until then nothing is asked of them. */
  starting(): Promise<void> | undefined
  /** Resolves once what happened up to now is on the disk; rejects with `storage`. */
  durable(): Promise<void>
  /** Why nothing can be acknowledged now (a full disk); null while all is well. */
  fault(): string | null
  /** A command is about to be carried out. */
  accepted(command: string, by: Principal, about: readonly Address[], request: string | undefined): void
  /** A defect of ours, for the log: callers only hear that there is one. */
  onDefect(error: unknown, command: string): void
}

interface GatewayEnds {
  /** Carries out what an earlier run had accepted. */
  resume(call: RequestCall): Promise<void>
  /** Resolves once what has been done up to now is on the disk, or can't be: its answers are about to leave. */
  concluded(): Promise<unknown>
}

/**
 * (principal, command) → permitted? → actor → reply. The only way in from outside; nothing is permitted that a command
 * does not name.
 */
export function createGateway(parts: GatewayParts): Gateway & GatewayEnds {
  const { registry, view } = parts
  const concluding = new Set<Promise<void>>()
  const moment = () => ({ now: parts.clock(), time: new Date().toISOString() })

  function refusal(error: unknown, command: string): ReplyError {
    if (error instanceof HyphaeError) return { code: error.code, message: error.message, data: error.data }
    parts.onDefect(error, command)
    return { code: 'internal', message: 'something went wrong inside; the log has the details', data: {} }
  }

  function refuseWhileStopping({ name, whileStopping }: Mutation): void {
    const { status } = view.supervisor()
    // What is left alone is not told anything any more.
    if (status !== 'leaving' && (whileStopping === true || status !== 'stopping')) return
    throw new HyphaeError('shutting_down', `the orchestrator is ${status}; ${name} is not taken any more`)
  }

  /** What can't be written down is not begun; what ends something is: a full disk must not keep it running. */
  function refuseInFault({ name, whileStopping, unrecorded }: Mutation): void {
    const fault = parts.fault()
    if (whileStopping === true || unrecorded === true || fault === null) return
    throw new HyphaeError('storage', `${name} is not taken, because it could not be kept: ${fault}`)
  }

  /** Looks until there is an answer, at once and then on each change of what the plan watches. */
  function awaited<T>(command: Mutation, plan: Plan<unknown>, ask: (changed: Changed) => T | undefined): Promise<T> {
    const { deadline } = { ...command, ...plan }
    return new Promise((resolve, reject) => {
      let stop = (): void => {}
      const timer = setTimeout(() => {
        stop()
        reject(
          new HyphaeError('timeout', `accepted, but not settled within ${formatDuration(deadline)}; it goes on`, {
            now: plan.accepted(view),
          }),
        )
      }, deadline)
      timer.unref()
      const look = (changed: Changed): void => {
        try {
          const answer = ask(changed)
          if (answer === undefined) return
          resolve(answer)
        } catch (error) {
          reject(error instanceof Error ? error : new Error(messageOf(error)))
        }
        clearTimeout(timer)
        stop()
      }
      stop = parts.listen(plan.watch, look)
      // What changed before we listened has been announced already.
      look(null)
    })
  }

  /** Tells the actors, and answers once it is settled (or accepted). */
  async function settle(command: Mutation, plan: Plan<unknown>, wait: boolean | number, slip?: RequestSlip): Promise<unknown> {
    const { begun, heard } = plan
    for (const [index, { to, event }] of plan.tell.entries()) {
      // Hundreds of actors are told in slices, so that nobody else waits for all of them.
      if (index > 0 && index % limits.eventSlice === 0) {
        await turn()
        refuseWhileStopping(command)
      }
      if (!parts.deliver(to, event)) throw new HyphaeError('not_found', `there is no actor "${to}" any more`, { to })
    }
    if (begun !== undefined) await awaited(command, plan, (changed) => begun(view, changed) || undefined)
    // In the turn in which they heard of it: what they made of it goes to the disk together with this, or neither does.
    const begin = (): void => slip?.begun({ ok: true, output: plan.accepted(view) })
    if (heard === undefined) begin()
    else slip?.until(awaited(command, plan, (changed) => heard(view, changed) || undefined).then(begin, begin))
    if (wait === false) return plan.accepted(view)
    const settled = awaited(command, plan, (changed) => plan.settled(view, changed))
    return wait === true ? settled : inTime(settled, wait, () => plan.accepted(view))
  }

  /** A reply to what was begun: nobody hears it, a failure or not, before it is on the disk. */
  async function conclude(output: Promise<unknown>, command: Mutation, slip?: RequestSlip): Promise<Reply> {
    const reply = await output.then(
      (value): Reply => ({ ok: true, output: value }),
      (error: unknown): Reply => ({ ok: false, error: refusal(error, command.name) }),
    )
    slip?.done(reply)
    // By then everybody who listens has heard of what has happened up to now.
    const kept = turn().then(() => parts.durable())
    concluding.add(kept)
    try {
      await kept
    } catch (error) {
      // A failure promises nothing.
      if (!reply.ok || command.unrecorded === true) return reply
      throw new HyphaeError('storage', `${command.name} was carried out, but could not be kept: ${messageOf(error)}`)
    } finally {
      concluding.delete(kept)
    }
    return reply
  }

  const generations = (about: readonly Address[]): Record<string, number> =>
    Object.fromEntries(
      about.flatMap((address) => {
        const { kind, key } = parseAddress(address)
        return kind === 'service' ? [[key, view.serviceDetail(key)?.generation ?? 0]] : []
      }),
    )

  /** How a request is carried out: at once, or after its id has gone to the disk. */
  function errandOf(command: Mutation, principal: Principal, parsed: unknown, own?: string) {
    const {
      request_id: given,
      wait = true,
      ...input
    } = parsed as { readonly request_id?: string; readonly wait?: boolean | number }
    const request = given ?? own
    const planned = (repeated: boolean): Plan<unknown> =>
      command.plan(view, parsed, {
        principal,
        ...moment(),
        newId: parts.newId,
        request,
        repeated,
        ticket: (login, role) => parts.ticket(login, principal, role),
      })
    const run = (plan: Plan<unknown>, slip?: RequestSlip): Promise<Reply> => {
      parts.accepted(plan.what ?? command.name, principal, subjects(plan), request)
      const { note } = plan
      // Of thousands the first have ended, and may be forgotten, before the last has been told.
      const stop = note && parts.listen(plan.watch, (changed) => note(view, changed))
      return conclude(settle(command, plan, wait, slip).finally(stop), command, slip)
    }
    const late = async (slip: RequestSlip): Promise<Reply> => {
      let plan: Plan<unknown>
      try {
        // What it takes to be accepted may have changed while its id went to the disk.
        refuseWhileStopping(command)
        plan = planned(false)
      } catch (error) {
        slip.withdraw()
        throw error
      }
      return run(plan, slip)
    }
    return { request, input, planned, run, late }
  }

  async function mutate(command: Mutation, principal: Principal, parsed: unknown): Promise<Reply> {
    await parts.starting()
    refuseWhileStopping(command)
    refuseInFault(command)
    const errand = errandOf(command, principal, parsed)
    const plan = errand.planned(false)
    const lasting = plan.heard !== undefined && fitsRequest(errand.input)
    if (errand.request === undefined && !lasting) return errand.run(plan)
    // What goes on for a while is written down like a request, so that a crash does not end it; a list of thousands is too long.
    const id = errand.request ?? parts.newId()
    const { input, planned, late } = errandOf(command, principal, parsed, id)
    const before = generations(subjects(plan))
    const reply = await parts.requests.take({ principal, id, command: command.name, input, before }, late)
    return reply ?? { ok: true, output: planned(true).accepted(view) }
  }

  /** Carries out what was accepted by an earlier run and not done. It was permitted then. */
  async function resume(call: RequestCall): Promise<void> {
    const command = registry.get(call.command)
    if (command?.kind !== 'mutation' || !isRecord(call.input)) return
    const parsed = command.input.safeParse({ ...call.input, request_id: call.id, wait: false })
    if (!parsed.success) return
    const { late } = errandOf(command, call.principal, parsed.data)
    await parts.requests.resume(call, late).catch((error: unknown) => refusal(error, command.name))
  }

  return {
    resume,
    concluded: () => Promise.allSettled(concluding),
    async invoke(principal, name, input): Promise<Reply> {
      try {
        const { command, parsed } = admit(registry, principal, name, input)
        switch (command.kind) {
          case 'query':
            return { ok: true, output: await command.read(view, parsed, callerOf(registry, principal)) }
          case 'mutation':
            return await mutate(command, principal, parsed)
          case 'stream':
            throw new HyphaeError('invalid_request', `${command.name} is a stream; it needs a connection that can carry one`)
        }
      } catch (error) {
        return { ok: false, error: refusal(error, name) }
      }
    },
    subscribe(principal, name, input, sink) {
      try {
        const { command, parsed } = admit(registry, principal, name, input)
        if (command.kind !== 'stream') throw new HyphaeError('invalid_request', `${command.name} is no stream`)
        return { cancel: parts.open(command.open(view, parsed), sink) }
      } catch (error) {
        return { error: refusal(error, name) }
      }
    },
  }
}

/** The answer, or after that many ms what there is instead of it. */
function inTime(answer: Promise<unknown>, ms: number, instead: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(instead()), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
