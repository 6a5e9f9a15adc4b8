import type * as z from 'zod'
import type { Gateway, Sink } from './protocol/calls.ts'
import type { Command, Mutation, Plan, PlanContext, StreamRequest } from './protocol/command.ts'
import { HyphaeError, messageOf } from './protocol/errors.ts'
import { formatDuration } from './protocol/duration.ts'
import type { Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import { nearest } from './protocol/nearest.ts'
import { mayUse, type Principal } from './protocol/principal.ts'
import type { Reply, ReplyError } from './protocol/reply.ts'
import type { FleetView } from './protocol/view.ts'

export interface GatewayParts {
  readonly registry: ReadonlyMap<string, Command>
  readonly view: FleetView
  /** Hands an event to the actor at an address; false when there is none. */
  deliver(to: Address, event: { readonly type: string }): boolean
  /** Calls back after any of these changed. */
  listen(addresses: readonly Address[], listener: () => void): () => void
  /** Starts a stream; answers how to end it. */
  open(request: StreamRequest, sink: Sink): () => void
  /** Monotonic ms. */
  clock(): number
  newId(): string
  /** A defect of ours, for the log: callers only hear that there is one. */
  onDefect(error: unknown, command: string): void
}

/** A schema looks at every value and names each fault, so what is far too much is refused before. */
function isModest(input: unknown): boolean {
  let left: number = limits.inputValues
  const queue: unknown[] = [input]
  for (let value = queue.pop(); left > 0; value = queue.pop()) {
    left--
    if (typeof value === 'object' && value !== null) {
      const inner: unknown[] = Object.values(value)
      if (inner.length > left) return false
      queue.push(...inner)
    }
    if (queue.length === 0) return true
  }
  return false
}

/** The first issue of a failed parse, as our error: which field, what was expected. */
function invalid(error: z.ZodError): HyphaeError {
  const issue = error.issues[0]
  const field = issue === undefined ? '' : issue.path.map(String).join('.')
  const message =
    issue === undefined ? 'invalid input' : `${field === '' ? 'params' : field}: ${issue.message}`.slice(0, limits.quotedText)
  return new HyphaeError('invalid_params', message, { field, issues: error.issues.length })
}

/**
 * (principal, command) → permitted? → actor → reply. The only way in from outside; nothing is permitted that a command
 * does not name.
 */
export function createGateway(parts: GatewayParts): Gateway {
  const { registry, view } = parts

  function admit(principal: Principal, name: string, input: unknown): { command: Command; parsed: unknown } {
    const command = registry.get(name)
    if (command === undefined) {
      const near = nearest(name, registry.keys())
      const hint = near === undefined ? '' : `; did you mean "${near}"?`
      throw new HyphaeError('unknown_command', `there is no command "${name.slice(0, 100)}"${hint}`, { nearest: near ?? null })
    }
    if (!mayUse(principal, command.permission)) {
      throw new HyphaeError(
        'forbidden',
        `${command.name} needs the permission ${command.permission}, which the role ${principal.role} lacks`,
        {
          permission: command.permission,
        },
      )
    }
    if (!isModest(input)) {
      throw new HyphaeError('too_large', `the input of a command may hold at most ${limits.inputValues} values`)
    }
    const parsed = command.input.safeParse(input)
    if (!parsed.success) throw invalid(parsed.error)
    return { command, parsed: parsed.data }
  }

  function refusal(error: unknown, command: string): ReplyError {
    if (error instanceof HyphaeError) return { code: error.code, message: error.message, data: error.data }
    parts.onDefect(error, command)
    return { code: 'internal', message: 'something went wrong inside; the log has the details', data: {} }
  }

  function refuseWhileStopping({ name, whileStopping }: Mutation): void {
    if (whileStopping === true || view.supervisor().status !== 'stopping') return
    throw new HyphaeError('shutting_down', `the orchestrator is stopping; ${name} is not taken any more`)
  }

  async function settle(command: Mutation, plan: Plan<unknown>, wait: boolean): Promise<unknown> {
    for (const [index, { to, event }] of plan.tell.entries()) {
      // Hundreds of actors are told in slices, so that nobody else waits for all of them.
      if (index > 0 && index % limits.eventSlice === 0) {
        await new Promise((resolve) => setImmediate(resolve))
        refuseWhileStopping(command)
      }
      if (!parts.deliver(to, event)) throw new HyphaeError('not_found', `there is no actor "${to}" any more`, { to })
    }
    if (!wait) return plan.accepted(view)
    const answer = plan.settled(view)
    if (answer !== undefined) return answer
    return new Promise((resolve, reject) => {
      let stop = (): void => {}
      const timer = setTimeout(() => {
        stop()
        reject(
          new HyphaeError('timeout', `accepted, but not settled within ${formatDuration(command.deadline)}; it goes on`, {
            now: plan.accepted(view),
          }),
        )
      }, command.deadline)
      timer.unref()
      const look = (): void => {
        try {
          const settled = plan.settled(view)
          if (settled === undefined) return
          resolve(settled)
        } catch (error) {
          reject(error instanceof Error ? error : new Error(messageOf(error)))
        }
        clearTimeout(timer)
        stop()
      }
      stop = parts.listen(plan.watch, look)
      // What changed between the first look and now has been announced already.
      look()
    })
  }

  return {
    async invoke(principal, name, input): Promise<Reply> {
      try {
        const { command, parsed } = admit(principal, name, input)
        switch (command.kind) {
          case 'query':
            return { ok: true, output: await command.read(view, parsed) }
          case 'mutation': {
            refuseWhileStopping(command)
            const context: PlanContext = { principal, now: parts.clock(), newId: parts.newId }
            const wait = !(typeof parsed === 'object' && parsed !== null && 'wait' in parsed && parsed.wait === false)
            return { ok: true, output: await settle(command, command.plan(view, parsed, context), wait) }
          }
          case 'stream':
            throw new HyphaeError('invalid_request', `${command.name} is a stream; it needs a connection that can carry one`)
        }
      } catch (error) {
        return { ok: false, error: refusal(error, name) }
      }
    },
    subscribe(principal, name, input, sink) {
      try {
        const { command, parsed } = admit(principal, name, input)
        if (command.kind !== 'stream') throw new HyphaeError('invalid_request', `${command.name} is no stream`)
        return { cancel: parts.open(command.open(view, parsed), sink) }
      } catch (error) {
        return { error: refusal(error, name) }
      }
    },
  }
}
