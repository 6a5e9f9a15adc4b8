import { assign, enqueueActions, sendTo, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import type { GroupCommand, GroupRecord, GroupSpec } from '../protocol/group.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import { listed } from '../protocol/listed.ts'
import { noHistory, type RestartDecision, type RestartHistory } from '../protocol/restart.ts'
import {
  allReady,
  allRest,
  askedOf,
  firstDown,
  holdNext,
  isHeld,
  isLost,
  isStray,
  lossOf,
  noneRuns,
  releaseNext,
  scopeOf,
  stopNext,
  unstartable,
  type MemberView,
  type MembersCommand,
  type MembersSeen,
  type MemberWord,
} from './group-members.ts'
import { port } from './port.ts'
import { spaceRestart, withoutLast } from './restart-policy.ts'

/** What GROUP can do and tell apart. */

export interface GroupInput {
  readonly spec: GroupSpec
  /** What an earlier run wrote down about it. */
  readonly restored?: Pick<GroupRecord, 'outcome' | 'because' | 'restartCount' | 'history'> | undefined
}

export interface GroupContext {
  readonly address: string
  readonly spec: GroupSpec
  readonly members: readonly MemberView[]
  readonly because: string | null
  readonly restartCount: number
  readonly history: RestartHistory
  /** Of the restart under way; null: somebody asked for it. */
  readonly decision: RestartDecision | null
  /** What the restart under way, or the last one, was about: "db exited with code 1". */
  readonly cause: string
  /** The first member that is restarted; null: all are. */
  readonly first: string | null
  /** Members that were let go in this restart. */
  readonly released: readonly string[]
  /** The members' generations, added up, when it began to wait. */
  readonly asked: number
  readonly outcome: GroupRecord['outcome']
}

export type Asked = Extract<GroupCommand, { type: 'START' | 'STOP' | 'RESTART' }>

export const names = (members: readonly MemberView[]): string =>
  listed(
    members.map(({ service }) => service),
    limits.groupNames,
  )
export const scope = ({ spec, members, first }: GroupContext): readonly MemberView[] => scopeOf(spec, members, first)
export const why = ({ because }: GroupContext): string => because ?? ''
export const base = setup({
  types: {
    input: {} as GroupInput,
    context: {} as GroupContext,
    events: {} as GroupCommand | MembersSeen,
    tags: {} as Phase,
  },
  actors: { members: port<MembersCommand, { services: readonly string[] }>('members') },
  delays: { backoff: ({ context: { decision } }) => (decision?.kind === 'restart' ? decision.delay : 0) },
  guards: {
    hadGivenUp: ({ context }) => context.outcome === 'failed',
    isAlone: (_, { spec }: { spec: GroupSpec }) => spec.strategy === 'one_for_one',
    isLost: ({ context }, { members }: MembersSeen) => context.spec.strategy !== 'one_for_one' && members.some(isLost),
    runs: (_, { members }: MembersSeen) => !allRest(members),
    rests: ({ context }) => allRest(context.members),
    gaveUp: ({ context }) => context.decision?.kind === 'gaveUp',
    /** And it has taken note of each end: what it hears of later is another one. */
    noneRuns: ({ context }) => noneRuns(scope(context)) && !context.members.some(isLost),
    /** Those that were to be restarted have been stopped meanwhile. */
    noneWaits: ({ context }) => noneRuns(scope(context)) && !scope(context).some(isHeld),
    atOnce: ({ context: { decision } }) => decision?.kind !== 'restart' || decision.delay === 0,
    /** Somebody does not want to wait. */
    isAsked: ({ context }) => askedOf(context.members) > context.asked,
    allReady: ({ context }) => allReady(scope(context)),
    unstartable: ({ context }) =>
      context.spec.strategy !== 'one_for_one' && unstartable(context.members, context.released) !== undefined,
  },
  actions: {
    /** States a fact. The composition root records it; a machine by itself has nobody to tell. */
    state: (_, _statement: Statement) => {},
    see: assign((_, { members }: MembersSeen) => ({ members })),
    configure: assign((_, { spec }: { spec: GroupSpec }) => ({ spec })),
    watch: sendTo('members', ({ context }) => ({ type: 'members.watch' as const, services: context.spec.services })),
    explain: assign({ because: (_, because: string) => because }),
    clear: assign({ history: noHistory, decision: null, first: null, released: [], outcome: null }),
    decide: assign(({ context: { spec, members, history, restartCount } }) => {
      const loss = lossOf(members)
      if (loss === null) return {}
      const decided = spaceRestart(spec.restart, history, loss)
      const { decision } = decided
      const counted = decision.kind === 'restart' ? restartCount + 1 : restartCount
      const because = decision.because
      return {
        decision,
        history: decided.history,
        because,
        cause: loss.cause,
        first: firstDown(members),
        released: [],
        restartCount: counted,
      }
    }),
    /** What falls while the others are held falls with them. */
    extend: assign({
      first: ({ context: { spec, members, first } }) => {
        const order = members.map(({ service }) => service)
        const lost = members.find(isLost)?.service
        if (lost === undefined || first === null || spec.strategy !== 'rest_for_one') return first
        return order.indexOf(lost) < order.indexOf(first) ? lost : first
      },
    }),
    undoDecision: assign({ history: ({ context }) => withoutLast(context.history), decision: null }),
    restartAll: assign(({ context }, { by }: Asked) => ({
      because: `restarted by ${by ?? 'itself'}`,
      cause: `asked for by ${by ?? 'itself'}`,
      decision: null,
      first: null,
      released: [],
      restartCount: context.restartCount + 1,
    })),
    wait: assign({ asked: ({ context }) => askedOf(context.members) }),
    /** The reason stays, without its future tense. */
    explainRestarted: assign({
      because: ({ context: { because, cause, decision, spec } }) => {
        if (decision?.kind !== 'restart') return because
        const of = spec.restart.maxRestarts === null ? '' : ` of ${spec.restart.maxRestarts}`
        return `restarted after ${cause} (restart ${decision.attempt}${of})`
      },
    }),
    giveUp: assign({ outcome: 'failed' as const }),
    explainUnstartable: assign({
      because: ({ context }) => {
        const member = unstartable(context.members, context.released)
        return `${member?.service ?? 'a member'} ${member?.because ?? 'failed'}; gave up: the group can't be whole`
      },
      history: noHistory,
      decision: null,
    }),
    hold: enqueueActions(({ context, enqueue }) => {
      for (const { service, word } of holdNext(
        scope(context),
        context.spec.name,
        `held by group ${context.spec.name}: ${context.cause}`,
      ))
        enqueue.sendTo('members', { type: 'members.tell', service, word })
    }),
    release: enqueueActions(({ context, enqueue }) => {
      const because = `restarted with group ${context.spec.name}: ${context.cause}`
      for (const { service, word } of releaseNext(scope(context), because)) {
        enqueue.assign({ released: [...context.released, service] })
        enqueue.sendTo('members', { type: 'members.tell', service, word })
      }
    }),
    releaseStrays: enqueueActions(({ context, enqueue }) => {
      const word: MemberWord = { type: 'RELEASE', because: 'its group holds it no more' }
      for (const { service } of context.members.filter(isStray))
        enqueue.sendTo('members', { type: 'members.tell', service, word })
    }),
    stop: enqueueActions(({ context, enqueue }) => {
      const word: MemberWord = { type: 'STOP', by: context.address, because: why(context) }
      for (const { service } of stopNext(context.members, word))
        enqueue.sendTo('members', { type: 'members.tell', service, word })
    }),
    tellAll: enqueueActions(({ context, enqueue }, { type, by, request }: Asked) => {
      const services = type === 'STOP' ? context.spec.services.toReversed() : context.spec.services
      const word: MemberWord = { type: type === 'STOP' ? 'STOP' : 'START', by, request }
      for (const service of services) enqueue.sendTo('members', { type: 'members.tell', service, word })
    }),
  },
})
