import { formatDuration } from '../protocol/duration.ts'
import { describeExit, isSuccess } from '../protocol/exit.ts'
import { limits } from '../protocol/limits.ts'
import { noHistory, type RestartDecision, type RestartHistory } from '../protocol/restart.ts'
import type { Ended, RestartSpacing, ServiceSpec } from '../protocol/service.ts'

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
  const over = restedByPolicy(rules, ended)
  if (over !== null) return { decision: over, history: noHistory }
  if (ended.exit.kind === 'unspawnable') return again(history, ended)
  const { at, readyAt, dice } = ended
  return spaceRestart(rules.restart, history, { cause: causeOf(ended), at, readyAt, dice })
}

/** As `decideRestart`, for a service whose group decides when it is started again, and whether. */
export function decideInGroup(rules: RestartRules, history: RestartHistory, ended: Ended, group: string): Decided {
  const over = restedByPolicy(rules, ended)
  if (over !== null) return { decision: over, history: noHistory }
  // It has not run, so nothing has happened to its group either.
  if (ended.exit.kind === 'unspawnable') return again(history, ended)
  return { decision: { kind: 'held', because: `${causeOf(ended)}; waits for its group ${group}` }, history: noHistory }
}

/** Where its policy leaves it after this end, whatever was before; null: it is to be started again. */
function restedByPolicy(rules: RestartRules, ended: Ended): RestartDecision | null {
  const { restart, oneShot, successCodes } = rules
  const cause = causeOf(ended)
  // What ended because we had to end it (unhealthy, never ready) is no success, whatever its exit code.
  const success = ended.because === null && isSuccess(ended.exit, successCodes)
  if (ended.exit.kind === 'unspawnable' && !ended.exit.passing) return { kind: 'failed', because: cause }
  if (oneShot && success) return { kind: 'completed', because: `${cause}; a one-shot is done` }
  if (restart.policy === 'never') return { kind: success ? 'stopped' : 'failed', because: `${cause}; restart_policy is never` }
  if (restart.policy === 'on_failure' && success)
    return { kind: 'stopped', because: `${cause}; restart_policy on_failure does not restart a success` }
  return null
}

/** What was lost, for the counting: `at` and `readyAt` are monotonic ms; readyAt null: it had not got ready. */
export interface Loss {
  readonly cause: string
  readonly at: number
  readonly readyAt: number | null
  readonly dice: number
}

/** When to start again, or that it was too often. */
export function spaceRestart(policy: RestartSpacing, history: RestartHistory, { cause, at: now, readyAt, dice }: Loss): Decided {
  const settled = readyAt !== null && now - readyAt >= policy.stableUptime
  const known = settled ? noHistory : history
  const { window } = policy
  const recent = window === null ? known.restarts : known.restarts.filter((at) => now - at < window)
  // Without a limit there is nothing to count against, and so nothing to keep.
  const count = policy.maxRestarts === null ? known.streak : recent.length
  if (policy.maxRestarts !== null && count >= policy.maxRestarts) {
    const within = window === null ? '' : ` within ${formatDuration(window)}`
    const because = `${cause}; gave up after ${count} ${count === 1 ? 'restart' : 'restarts'}${within} (max_restarts: ${policy.maxRestarts})`
    return { decision: { kind: 'gaveUp', because, restarts: count }, history: noHistory }
  }

  const streak = known.streak + 1
  const delay = settled ? 0 : backoff(policy, streak, dice)
  const of = policy.maxRestarts === null ? '' : ` of ${policy.maxRestarts}`
  const when = delay === 0 ? 'at once' : `in ${formatDuration(delay)}`
  return {
    decision: { kind: 'restart', because: `${cause}; restart ${count + 1}${of}, ${when}`, delay, attempt: count + 1 },
    history: { streak, restarts: policy.maxRestarts === null ? [] : [...recent, now] },
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
export function backoff({ delay, factor, maxDelay, jitter }: RestartSpacing, n: number, dice: number): number {
  if (delay === 0) return 0
  return Math.round(Math.min(maxDelay, delay * factor ** (n - 1)) * (1 + jitter * dice))
}

/** The history without the restart that was decided last: a person's START takes its place, free of budget. */
export const withoutLast = ({ restarts, streak }: RestartHistory): RestartHistory => ({
  restarts: restarts.slice(0, -1),
  streak: Math.max(0, streak - 1),
})
