import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import { formatDuration } from '../protocol/duration.ts'
import { messageOf } from '../protocol/errors.ts'
import type { DeliveryEnded, HookPayload, HookSpec } from '../protocol/hook.ts'
import { limits } from '../protocol/limits.ts'
import { TookTooLong } from './look.ts'
import { postWebhook, type Tried } from './post-webhook.ts'
import type { Runner } from './run-program.ts'

/** One try to deliver what a hook is to be told: a program that is run, or a request. It ends with its actor. */

export interface NotifyParts {
  readonly runner: Pick<Runner, 'run'>
  /** What is to be delivered; undefined once it is over. */
  delivery(id: string): { readonly spec: HookSpec; readonly payload: HookPayload } | undefined
}

export function createNotify({
  runner,
  delivery,
}: NotifyParts): CallbackActorLogic<{ type: 'delivery.none' }, { readonly id: string }> {
  let runs = 0

  async function exec(argv: readonly string[], { timeout }: HookSpec, payload: HookPayload, signal: AbortSignal): Promise<Tried> {
    const [command = '', ...args] = argv
    const result = await runner.run(
      {
        id: `hook-${payload.delivery}-${++runs}`,
        spec: { type: 'binary', command, args, env: variablesOf(payload), is_safe: true },
        argv,
        folder: null,
        timeout,
        output: limits.hookOutput,
        stdin: JSON.stringify(payload),
      },
      signal,
    )
    if (result.success) return { because: null, again: false }
    const said = (result.stderr ?? '').trim().split('\n').at(-1)?.slice(0, limits.probeOutput) ?? ''
    return { because: `${command} ${result.error_message ?? 'failed'}${said === '' ? '' : `: ${said}`}`, again: true }
  }

  async function post(target: Parameters<typeof postWebhook>[0], { timeout }: HookSpec, payload: HookPayload, life: AbortSignal) {
    const limit = new AbortController()
    const late = new TookTooLong(`no answer within ${formatDuration(timeout)}`)
    const timer = setTimeout(() => limit.abort(late), timeout)
    try {
      return await postWebhook(target, payload, AbortSignal.any([limit.signal, life]))
    } finally {
      clearTimeout(timer)
    }
  }

  const run: CallbackLogicFunction<{ type: 'delivery.none' }, DeliveryEnded, { readonly id: string }> = ({
    input: { id },
    sendBack,
  }) => {
    const life = new AbortController()
    const attempt = async (): Promise<Tried> => {
      const found = delivery(id)
      if (found === undefined) return { because: 'it is over', again: false }
      const { spec, payload } = found
      return spec.target.type === 'exec'
        ? exec(spec.target.argv, spec, payload, life.signal)
        : post(spec.target, spec, payload, life.signal)
    }
    const work = async (): Promise<void> => {
      const { because, again } = await attempt().catch((error: unknown) => ({ because: messageOf(error), again: true }))
      if (life.signal.aborted) return
      sendBack({ type: 'delivery.ended', because: because?.slice(0, limits.quotedText) ?? null, again })
    }
    void work()
    return () => life.abort()
  }
  return fromCallback(run)
}

/** For programs that need no more than that; a NUL can't be in a variable. */
const variablesOf = ({ event, hook, service, reason, delivery, at, pid }: HookPayload): Record<string, string> => ({
  HYPHAE_EVENT: event,
  HYPHAE_HOOK: hook,
  HYPHAE_SERVICE: service ?? '',
  HYPHAE_REASON: (reason ?? '').replaceAll('\0', ' ').slice(0, limits.quotedText),
  HYPHAE_DELIVERY: delivery,
  HYPHAE_AT: at,
  HYPHAE_PID: pid === null ? '' : String(pid),
})
