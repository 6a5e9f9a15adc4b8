import type { GroupSpec } from '../protocol/group.ts'
import type { Ended, RestartPolicyName, ServiceCommand } from '../protocol/service.ts'
import { causeOf, type Loss } from './restart-policy.ts'

/** What GROUP sees of its members and what it says to them. Pure: from a look at all of them to the next thing to say. */

/** One member, as the directory shows it. */
export interface MemberView {
  readonly service: string
  /** Of the service's chart; of one that does not exist `removed`. */
  readonly state: string
  /** Nothing of it runs and nothing is wanted. */
  readonly rests: boolean
  readonly desired: 'run' | 'stop'
  readonly policy: RestartPolicyName
  readonly oneShot: boolean
  readonly generation: number
  /** When its process got ready, monotonic ms. */
  readonly readyAt: number | null
  readonly because: string | null
  /** How it ended by itself, while the group has not taken note of that. */
  readonly loss: Ended | null
}

/** For the port: does it look the same to its group? */
export const isSameView = (one: MemberView, other: MemberView): boolean =>
  one.state === other.state &&
  one.rests === other.rests &&
  one.desired === other.desired &&
  one.policy === other.policy &&
  one.oneShot === other.oneShot &&
  one.generation === other.generation &&
  one.readyAt === other.readyAt &&
  one.because === other.because &&
  one.loss === other.loss

/** Said at once, after each command, and when one of them is another than it was. */
export interface MembersSeen {
  readonly type: 'members.seen'
  readonly members: readonly MemberView[]
}
/** The port stamps it with the time. */
export type MemberWord =
  | {
      readonly type: 'START' | 'STOP'
      readonly by?: string | undefined
      readonly request?: string | undefined
      readonly because?: string
    }
  | { readonly type: 'HOLD' | 'RELEASE'; readonly because: string }
export type MembersCommand =
  /** These are the members now. */
  | { readonly type: 'members.watch'; readonly services: readonly string[] }
  | { readonly type: 'members.tell'; readonly service: string; readonly word: MemberWord }

/** For the port: what a service hears. */
export const stamped = (word: MemberWord, at: number): ServiceCommand => ({ ...word, at })

/** It may be held or let go: it is there, and somebody wants it. */
const isIn = ({ rests, desired }: MemberView): boolean => !rests && desired === 'run'
const isReady = ({ state, oneShot }: MemberView): boolean =>
  !oneShot && (state === 'live.running.healthy' || state === 'live.running.unhealthy')

export const isHeld = (member: MemberView): boolean => member.state === 'held' && isIn(member)
export const isLost = (member: MemberView): boolean => isHeld(member) && member.loss !== null
/** Held by somebody who does not hold it any more. */
export const isStray = (member: MemberView): boolean => isHeld(member) && member.loss === null

/** Those that are restarted: all, or the first that was lost and those behind it. */
export function scopeOf({ strategy }: GroupSpec, members: readonly MemberView[], first: string | null): readonly MemberView[] {
  const from = members.findIndex(({ service }) => service === first)
  return strategy !== 'rest_for_one' || from < 0 ? members : members.slice(from)
}

/** The first of which nothing runs because of the group: what is behind it was started on its ground. */
export const firstDown = (members: readonly MemberView[]): string | null => members.find(isHeld)?.service ?? null

/** What was lost, as one: several that fell together are one loss, of the first of them in time. */
export function lossOf(members: readonly MemberView[]): Loss | null {
  const [loss, ...others] = members.flatMap(({ service, loss: end }) => (end === null ? [] : [{ service, end }]))
  if (loss === undefined) return null
  const first = others.reduce((one, other) => (other.end.at < one.end.at ? other : one), loss)
  // Settled is a group as a whole: whoever got ready last decides.
  const up = members
    .filter((member) => isIn(member))
    .map((member) => {
      const { loss: end, oneShot } = member
      if (end !== null) return end.readyAt
      if (oneShot) return 0
      return isReady(member) ? member.readyAt : null
    })
  const readyAt = up.reduce((latest, at) => (latest === null || at === null ? null : Math.max(latest, at)), 0)
  return { cause: `${first.service} ${causeOf(first.end)}`, at: first.end.at, readyAt, dice: first.end.dice }
}

interface Said {
  readonly service: string
  readonly word: MemberWord
}

/** From the last to the first, one after the other: what is to be said so that none of them runs. */
export function holdNext(scope: readonly MemberView[], group: string, because: string): readonly Said[] {
  const said = scope.filter(isLost).map(({ service }): Said => ({ service, word: { type: 'HOLD', because } }))
  const last = scope.findLast((member) => !member.rests && member.state !== 'held')
  if (last === undefined || !canEnd(last)) return said
  // What is never started again is not held for a start: it has had its one run.
  const word: MemberWord =
    last.policy === 'never' && last.state.startsWith('live')
      ? { type: 'STOP', by: `group.${group}`, because }
      : { type: 'HOLD', because }
  return [...said, { service: last.service, word }]
}

export const noneRuns = (scope: readonly MemberView[]): boolean => scope.every(({ rests, state }) => rests || state === 'held')

/** It is not on its way already. */
const canEnd = ({ state, desired }: MemberView): boolean =>
  desired === 'run' && !/^live\.(leaving|stopping\.then(Held|Removed|Decide|Stopped))/.test(state)

/** From the first to the last, each ready before the next: what is to be said so that all of them run. */
export function releaseNext(scope: readonly MemberView[], because: string): readonly Said[] {
  const next = scope.find((member) => isIn(member) && !isReady(member))
  if (next === undefined || next.state !== 'held' || next.loss !== null) return []
  return [{ service: next.service, word: { type: 'RELEASE', because } }]
}

export const allReady = (scope: readonly MemberView[]): boolean => scope.every((member) => !isIn(member) || isReady(member))

/** A member that was let go and can't be started at all: trying again does not help. */
export const unstartable = (members: readonly MemberView[], released: readonly string[]): MemberView | undefined =>
  members.find(
    ({ service, state, desired, policy }) =>
      released.includes(service) && state === 'failed' && desired === 'run' && policy !== 'never',
  )

/** As in holding, for good. What is held has no process and goes at once. */
export function stopNext(members: readonly MemberView[], word: MemberWord): readonly Said[] {
  const said = members.filter(isHeld).map(({ service }): Said => ({ service, word }))
  const last = members.findLast((member) => !member.rests && member.state !== 'held')
  return last === undefined || last.desired === 'stop' ? said : [...said, { service: last.service, word }]
}

export const allRest = (members: readonly MemberView[]): boolean => members.every(({ rests }) => rests)

/** Grows when somebody asks for one of them. */
export const askedOf = (members: readonly MemberView[]): number => members.reduce((sum, { generation }) => sum + generation, 0)
