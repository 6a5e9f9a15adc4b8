import { formatDuration } from '../protocol/duration.ts'
import { describeExit, isSuccess } from '../protocol/exit.ts'
import { limits } from '../protocol/limits.ts'
import { noHistory, type RestartDecision, type RestartHistory } from '../protocol/restart.ts'
import type { Ended, RestartPolicy, ServiceSpec } from '../protocol/service.ts'

/** What of a spec the decision depends on. */
export type RestartRules = Pick<ServiceSpec, 'name' | 'restart' | 'oneShot' | 'successCodes'>

/** Why it ended, in words: what we know beyond the exit comes first. */
export const causeOf = ({ because, exit }: Ended): string => because ?? describeExit(exit)

interface Decided {
  readonly decision: RestartDecision
  readonly history: RestartHistory
}

/**
 * What follows an unplanned end. Pure: the caller brings the time and the dice (in `ended`). Answers the decision and
 * what is to be remembered.
 */
export function decideRestart(rules: RestartRules, history: RestartHistory, ended: Ended): Decided {
  const { restart: policy, oneShot, successCodes } = rules
  const cause = causeOf(ended)
  // What ended because we had to end it (unhealthy, never ready) is no success, whatever its exit code.
  const success = ended.because === null && isSuccess(ended.exit, successCodes)
  const over = (kind: 'completed' | 'stopped' | 'failed', because: string) => ({
    decision: { kind, because },
    history: noHistory,
  })

  if (ended.exit.kind === 'unspawnable' && !ended.exit.passing) return over('failed', cause)
  if (oneShot && success) return over('completed', `${cause}; a one-shot is done`)
  if (policy.policy === 'never') return over(success ? 'stopped' : 'failed', `${cause}; restart_policy is never`)
  if (policy.policy === 'on_failure' && success)
    return over('stopped', `${cause}; restart_policy on_failure does not restart a success`)

  if (ended.exit.kind === 'unspawnable') return again(history, ended)

  const settled = ended.readyAt !== null && ended.at - ended.readyAt >= policy.stableUptime
  const known = settled ? noHistory : history
  const { window } = policy
  const recent = window === null ? known.restarts : known.restarts.filter((at) => ended.at - at < window)
  // Without a limit there is nothing to count against, and so nothing to keep.
  const count = policy.maxRestarts === null ? known.streak : recent.length
  if (policy.maxRestarts !== null && count >= policy.maxRestarts) {
    const within = window === null ? '' : ` within ${formatDuration(window)}`
    const because = `${cause}; gave up after ${count} ${count === 1 ? 'restart' : 'restarts'}${within} (max_restarts: ${policy.maxRestarts})`
    return { decision: { kind: 'gaveUp', because, restarts: count }, history: noHistory }
  }

  const streak = known.streak + 1
  const delay = settled ? 0 : backoff(policy, streak, ended.dice)
  const of = policy.maxRestarts === null ? '' : ` of ${policy.maxRestarts}`
  const when = delay === 0 ? 'at once' : `in ${formatDuration(delay)}`
  return {
    decision: { kind: 'restart', because: `${cause}; restart ${count + 1}${of}, ${when}`, delay, attempt: count + 1 },
    history: { streak, restarts: policy.maxRestarts === null ? [] : [...recent, ended.at] },
  }
}

/**
 * It could not be spawned for want of what may come back at any moment. That says nothing about the program, so it costs it
 * none of its restarts, and the pauses don't grow.
 */
function again(history: RestartHistory, ended: Ended): Decided {
  const delay = limits.scarceRetry
  const because = `${causeOf(ended)}; tried again in ${formatDuration(delay)}, as often as it takes`
  return { decision: { kind: 'restart', because, delay, attempt: history.streak + 1 }, history }
}

/** delay·factor^(n−1), capped by maxDelay, then up to `jitter` of it more. n from 1; ms. */
export function backoff({ delay, factor, maxDelay, jitter }: RestartPolicy, n: number, dice: number): number {
  if (delay === 0) return 0
  return Math.round(Math.min(maxDelay, delay * factor ** (n - 1)) * (1 + jitter * dice))
}

/** The history without the restart that was decided last: a person's START takes its place, free of budget. */
export const withoutLast = ({ restarts, streak }: RestartHistory): RestartHistory => ({
  restarts: restarts.slice(0, -1),
  streak: Math.max(0, streak - 1),
})
