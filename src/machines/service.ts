import { assign, enqueueActions, setup, stopChild, type DoneActorEvent, type ErrorActorEvent } from 'xstate'
import { addressOf } from '../protocol/ids.ts'
import { nameIncarnation } from '../protocol/incarnation.ts'
import type { Statement } from '../protocol/facts.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import type { Containment, MemoryKeeper, ProcessIdentity } from '../protocol/process.ts'
import { noHistory, type RestartDecision, type RestartHistory } from '../protocol/restart.ts'
import { sameSpec, type ServiceRecord } from '../protocol/record.ts'
import type { Ended, Operation, ServiceCommand, ServiceSpec } from '../protocol/service.ts'
import type { Overrides, Setting } from '../protocol/setting.ts'
import { port } from './port.ts'
import { processMachine, type ProcessFact } from './process.ts'
import { causeOf, decideInGroup, decideRestart, withoutLast } from './restart-policy.ts'
import {
  addressBeside,
  adoptedBeside,
  drainsFirst,
  fallbackOf,
  handOver,
  inherit,
  inputBeside,
  lapse,
  nextOf,
  outlive,
  overlaps,
  recordBeside,
  type AdoptedBeside,
  type Beside,
  type Fallback,
  type Lapsed,
  type Slot,
} from './service-overlap.ts'
import { overlapping, returning } from './service-overlapping.ts'
import {
  about,
  wish,
  restart,
  reject,
  swapSpec,
  replaceSpec,
  hold,
  fact,
  ended,
  reportEnd,
  besideEnded,
  besideFailed,
  oneOfTwo,
  current,
  tooLate,
  adopt,
  ending,
  joinGroup,
  leavesGroup,
  removed,
  letGo,
  besideAdopted,
  leave,
  atRest,
  type Adopt,
  type Restart,
  type Wish,
} from './service-steps.ts'

/**
 * SERVICE: what the user named. It outlives its processes and decides what follows when one ends. There is one at a time,
 * but for an overlapping restart, see service-overlap.ts.
 *
 *   stopped ──START──▶ gate ──open──▶ live.running ──STOP──▶ live.stopping.then… ──reaped──▶ stopped
 *   completed ─START─▶  ▲ ▲               │ reaped by itself        (RESTART: gate, HOLD: held, REMOVE: removed)
 *   failed ────START─▶  │ │               ▼
 *                       │ └─at once──── decide ──▶ completed · stopped · failed
 *                       └──delay── backingOff ◀┘
 *   held: its group decides; it ended by itself, or a sibling did. RELEASE lets it through its gate.
 *
 *   live.running.healthy ──RESTART, it overlaps──▶ live.running.overlapping ──the next one is ready──▶ healthy
 *                        ◀──the next one ended─────────┘        the one before drains beside it
 *
 * While it stops, the newest wish wins: it picks another `then…`, and what the process does meanwhile changes nothing.
 * It has stopped when all of its processes have.
 */

export interface ServiceInput {
  readonly spec: ServiceSpec
  /** Names this run of the orchestrator; incarnations are `<run>.<n>`. */
  readonly run: string
  /** What an earlier run of the orchestrator wrote down about it. */
  readonly restored?: Restored | undefined
  /** The group that decides its restarts; without one it decides alone. */
  readonly group?: string | null | undefined
}

export type Restored = Pick<
  ServiceRecord,
  'desired' | 'generation' | 'readyGeneration' | 'by' | 'request' | 'because' | 'outcome' | 'restartCount' | 'history'
> &
  Partial<Pick<ServiceRecord, 'overrides'>>

export interface ServiceContext {
  readonly address: string
  readonly run: string
  readonly spec: ServiceSpec
  /** Takes the place of spec at the next start. */
  readonly next: ServiceSpec | null
  /** What the start after that uses, where the next one is an exception. */
  readonly back: ServiceSpec | null
  /** What was changed by hand since the config was read; it is in spec and next already. */
  readonly overrides: Overrides | null
  readonly desired: 'run' | 'stop'
  readonly generation: number
  /** The generation that last got ready or completed. */
  readonly readyGeneration: number
  /** Who asked for that generation (or for the stop), and under which request id. */
  readonly by: string | null
  readonly request: string | null
  /** Where it begins: how it had come to rest in an earlier run. */
  readonly outcome: Restored['outcome']
  /** Incarnations so far, of this run. */
  readonly incarnations: number
  /** The one that is alive, or was last. */
  readonly incarnation: string
  readonly restartCount: number
  readonly history: RestartHistory
  readonly op: Operation | null
  readonly adopt: Adoption | null
  readonly leader: ProcessIdentity | null
  readonly because: string | null
  /** At its gate: a dependency failed for good. */
  readonly blocked: boolean
  readonly pid: number | null
  readonly containment: Containment | null
  /** Who sees to its memory limit; null: it has none. */
  readonly memory: MemoryKeeper | null
  readonly spawnedAt: number | null
  /** Where the output of its process begins in its log. */
  readonly logOffset: number | null
  /** When its process got ready, monotonic ms. */
  readonly readyAt: number | null
  readonly ended: Ended | null
  readonly decision: RestartDecision | null
  readonly group: string | null
  /** Held because of this end, of which its group has not taken note yet. */
  readonly loss: Ended | null
  /** Where its process is, of the two places below it. */
  readonly slot: Slot
  /** A second process: the next one, or the one before. */
  readonly beside: Beside | null
  /** What an overlapping restart that is under way goes back to. */
  readonly fallback: Fallback | null
  readonly lapsed: Lapsed | null
  /** Its liveness probe fails. */
  readonly sick: boolean
}

/** A process that an earlier run spawned. */
export interface Adoption {
  readonly leader: ProcessIdentity
  readonly incarnation: string
  /** When it got ready, monotonic ms; null: nobody knows, or it had not. */
  readonly readyAt: number | null
  /** Where its output begins in its log; null: nobody knows. */
  readonly logOffset: number | null
}

/** What the gate says: may it start? */
export type GateFact =
  /** `waited`: it was not open at once. */
  | { readonly type: 'gate.open'; readonly waited: boolean }
  | { readonly type: 'gate.waiting'; readonly because: string }
  /** A dependency failed for good. */
  | { readonly type: 'gate.blocked'; readonly because: string }

export interface GateInput {
  readonly service: string
  readonly dependsOn: ServiceSpec['dependsOn']
}

export type ServiceEvent =
  | ServiceCommand
  | GateFact
  | ProcessFact
  /** Boot found it alive, or knows that it was and how it ended. */
  | ({
      readonly type: 'ADOPT'
      readonly at: number
      /** A second one that runs: it was about to take over, or to go. */
      readonly beside?: AdoptedBeside | null
    } & Adoption)
  /** Goes on where an earlier run stopped: neither a new generation nor a new budget. */
  | { readonly type: 'RESUME'; readonly because: string; readonly at: number }
  | { readonly type: 'LEAVE' }
  | DoneActorEvent<Ended, Slot>
  | ErrorActorEvent<unknown, Slot>

/** What it depends on matters to a start alone; more instances of that must not restart whoever needs them. */
const differs = ({ next, spec: now }: ServiceContext, spec: ServiceSpec): boolean =>
  !sameSpec({ ...spec, dependsOn: [] }, { ...(next ?? now), dependsOn: [] })

const base = setup({
  types: {
    input: {} as ServiceInput,
    context: {} as ServiceContext,
    events: {} as ServiceEvent,
    tags: {} as Phase,
  },
  actors: { process: processMachine, gate: port<{ type: 'gate.look' }, GateInput>('gate') },
  guards: {
    hasNoDependencies: ({ context }) => (context.next ?? context.spec).dependsOn.length === 0,
    restAs: ({ context }, outcome: Restored['outcome']) => context.outcome === outcome,
    /** It comes from the operation that holds the slot, or from none and the slot is free. */
    mayOperate: ({ context }, { op }: Restart) => context.op?.id === op,
    slotIsFree: ({ context }) => context.op === null,
    holdsSlot: ({ context }, { op }: { op: string }) => context.op?.id === op,
    isChange: ({ context }, { spec }: { spec: ServiceSpec }) => differs(context, spec),
    current: ({ context }, { incarnation }: { incarnation: string }) => incarnation === context.incarnation,
    ofNext: ({ context: { beside } }, { incarnation }: { incarnation: string }) =>
      beside?.role === 'next' && beside.incarnation === incarnation,
    /** What has ended is the second one. */
    wasBeside: ({ context }, { actorId }: { actorId: string }) => context.beside?.slot === actorId,
    wasNext: ({ context: { beside } }, { actorId }: { actorId: string }) => beside?.role === 'next' && beside.slot === actorId,
    hasNext: ({ context }) => context.beside?.role === 'next',
    isAlone: ({ context }) => context.beside === null,
    hasBeside: ({ context }) => context.beside !== null,
    isSick: ({ context }) => context.sick,
    isReady: ({ context }) => context.readyAt !== null,
    adoptsNext: (_, { beside }: Adopt) => beside?.role === 'next',
    mayOverlap: ({ context }, { op, setting }: Restart) =>
      context.op?.id === op && overlaps(context.spec, setting?.spec ?? context.next ?? context.spec),
    /** What starts beside it will do for this restart too. */
    isUnderWay: ({ context }, { op, setting }: Restart) =>
      context.op?.id === op && setting === undefined && context.beside?.role === 'next',
    keepsUp: ({ context }) => overlaps(context.spec, context.next ?? context.spec),
    changesAndOverlaps: ({ context }, { spec }: { spec: ServiceSpec }) => overlaps(context.spec, spec) && differs(context, spec),
    restartsWhenUnhealthy: ({ context }) => context.spec.restart.onUnhealthy,
    wantsToRun: ({ context }) => context.desired === 'run',
    /** Told so also when no group decided for it and it is in none any more. */
    leavesGroup: ({ context }, { group }: { group: string | null }) => group === null || context.group !== group,
    decided: ({ context }, kind: RestartDecision['kind']) => context.decision?.kind === kind,
    restartsAtOnce: ({ context }) => context.decision?.kind === 'restart' && context.decision.delay === 0,
  },
  delays: {
    backoff: ({ context }) => (context.decision?.kind === 'restart' ? context.decision.delay : 0),
  },
  actions: {
    /** States a fact. The composition root records it; a machine by itself has nobody to tell. */
    state: (_, _statement: Statement) => {},
    want: assign(({ context }, { by, request, type }: Wish) => ({
      desired: 'run' as const,
      generation: context.generation + 1,
      by: by ?? null,
      request: request ?? null,
      because: `${type === 'START' ? 'started' : 'restarted'} by ${by ?? 'itself'}`,
    })),
    renew: assign(({ context }, { by, request }: { by?: string | undefined; request?: string | undefined }) => ({
      desired: 'run' as const,
      generation: context.generation + 1,
      by: by ?? null,
      request: request ?? null,
    })),
    replaceSpec: assign((_, { setting }: Restart) =>
      setting === undefined ? {} : { next: setting.spec, overrides: setting.overrides, back: setting.back },
    ),
    set: assign((_, { spec, overrides, back }: Setting) => ({ next: spec, overrides, back })),
    clearHistory: assign({ history: noHistory, decision: null }),
    undoDecision: assign({ history: ({ context }) => withoutLast(context.history), decision: null }),
    reject: assign((_, { by, request, because }: Wish & { because?: string | undefined }) => ({
      desired: 'stop' as const,
      op: null,
      by: by ?? null,
      request: request ?? null,
      because: `stopped by ${by ?? 'itself'}${because === undefined ? '' : `: ${because}`}`,
    })),
    block: assign({ blocked: (_, blocked: boolean) => blocked }),
    /** It is at rest already; whoever holds its slot lets go. */
    rest: assign((_, { by, request }: Wish) => ({
      desired: 'stop' as const,
      op: null,
      by: by ?? null,
      request: request ?? null,
    })),
    explain: assign({ because: (_, because: string) => because }),
    reserve: assign({ op: (_, op: Operation) => op }),
    free: assign({ op: null }),
    // What was changed by hand holds until the config is read again.
    reconfigure: assign((_, spec: ServiceSpec) => ({ next: spec, back: null, overrides: null })),
    reschedule: assign(({ context: { spec, next, back, beside } }, { schedule }: { schedule: ServiceSpec['schedule'] }) => ({
      spec: { ...spec, schedule },
      next: next === null ? null : { ...next, schedule },
      back: back === null ? null : { ...back, schedule },
      beside: beside === null ? null : { ...beside, spec: { ...beside.spec, schedule } },
    })),
    countRestart: assign({ restartCount: ({ context }) => context.restartCount + 1 }),
    begin: assign(({ context }) => ({
      spec: context.next ?? context.spec,
      next: context.back,
      back: null,
      incarnations: context.incarnations + 1,
      incarnation: context.adopt?.incarnation ?? nameIncarnation(context.run, context.incarnations + 1, context.generation),
      blocked: false,
      slot: 'process' as const,
      fallback: null,
      lapsed: null,
      sick: false,
    })),
    recordSpawn: assign(
      (_, { pid, leader, at, containment, memory, logOffset }: Extract<ProcessFact, { type: 'process.spawned' }>) => ({
        pid,
        leader,
        containment,
        memory,
        logOffset,
        spawnedAt: at,
        adopt: null,
      }),
    ),
    // A one-shot is ready when it has completed, not when it runs.
    recordReady: assign({
      readyGeneration: ({ context }) => (context.spec.oneShot ? context.readyGeneration : context.generation),
      readyAt: (_, { at }: { at: number | null }) => at,
    }),
    recordCompleted: assign({ readyGeneration: ({ context }) => context.generation }),
    forgetProcess: assign({ pid: null, leader: null, logOffset: null, spawnedAt: null, readyAt: null, adopt: null }),
    recordEnd: assign({ ended: (_, ended: Ended) => ended }),
    decide: assign(({ context }) => {
      if (context.ended === null) return {}
      const { spec, group, ended: end } = context
      const { decision, history } =
        group === null ? decideRestart(spec, context.history, end) : decideInGroup(spec, context.history, end, group)
      return { decision, history, because: decision.because }
    }),
    lose: assign({ loss: ({ context }) => context.ended }),
    noteLoss: assign({ loss: null }),
    joinGroup: assign({ group: (_, { group }: { group: string | null }) => group }),
    // After a restart of its own the reason stays, without its future tense.
    explainRespawn: assign({
      because: ({ context: { decision, ended, because, spec } }) => {
        if (decision?.kind !== 'restart' || ended === null) return because
        const of = spec.restart.maxRestarts === null ? '' : ` of ${spec.restart.maxRestarts}`
        return `restarted after it ${causeOf(ended)} (restart ${decision.attempt}${of})`
      },
    }),
    stopProcess: enqueueActions(({ context: { slot, beside }, enqueue }) => {
      enqueue.sendTo(slot, { type: 'STOP' as const })
      // What was told to stop before has heard it.
      if (beside?.role === 'next') enqueue.sendTo(beside.slot, { type: 'STOP' as const })
    }),
    leaveProcess: enqueueActions(({ context: { slot, beside }, enqueue }) => {
      for (const id of beside === null ? [slot] : [slot, beside.slot]) enqueue.sendTo(id, { type: 'LEAVE' as const })
    }),
    remember: assign(({ context }) => ({ fallback: context.fallback ?? fallbackOf(context), lapsed: null })),
    besideNext: assign(({ context }) => ({
      incarnations: context.incarnations + 1,
      beside: nextOf(context, nameIncarnation(context.run, context.incarnations + 1, context.generation)),
    })),
    adopt: assign((_, { leader, incarnation, readyAt, logOffset }: Adopt) => ({
      desired: 'run' as const,
      adopt: { leader, incarnation, readyAt, logOffset },
      incarnation,
      because: 'found running and adopted',
    })),
    besideAdopted: assign(({ context }, { beside }: Adopt) => ({
      beside: beside == null ? null : adoptedBeside(context, beside),
    })),
    /** One that is on its way out is told so again: whoever told it first may have died before. */
    startBeside: enqueueActions(({ context: { beside }, enqueue }) => {
      if (beside === null) return
      enqueue.spawnChild('process', { id: beside.slot, input: inputBeside(beside) })
      if (beside.role === 'previous') enqueue.sendTo(beside.slot, { type: 'STOP' as const })
    }),
    recordBeside: assign(({ context }, event: Extract<ProcessFact, { type: 'process.spawned' }>) => recordBeside(context, event)),
    /** The next one is not what is wanted any more. */
    dismissNext: enqueueActions(({ context: { beside }, enqueue }) => {
      if (beside?.role !== 'next') return
      const previous = { ...beside, role: 'previous' as const }
      enqueue.assign({ beside: previous })
      enqueue.sendTo(beside.slot, { type: 'RENAME' as const, address: addressBeside(previous) })
      enqueue.sendTo(beside.slot, { type: 'STOP' as const })
    }),
    /** First the one before gives its address away. */
    tellHandOver: enqueueActions(({ context: { beside, slot, spec }, enqueue }) => {
      if (beside !== null) enqueue.sendTo(beside.slot, { type: 'RENAME' as const, address: addressBeside(beside) })
      enqueue.sendTo(slot, { type: 'RENAME' as const, address: addressOf('process', spec.name) })
      if (beside !== null) enqueue.sendTo(beside.slot, { type: 'STOP' as const })
    }),
    handOver: assign(({ context }, { at }: { at: number | null }) => handOver(context, at)),
    noteReady: assign({ readyAt: (_, { at }: { at: number | null }) => at }),
    inherit: assign(({ context }) => inherit(context)),
    outlive: assign(({ context }) => outlive(context)),
    lapse: assign(({ context }, cause: string) => lapse(context, cause)),
    forgetBeside: assign({ beside: null }),
    becomeSick: assign({ sick: (_, sick: boolean) => sick }),
  },
})

export const serviceMachine = base.createMachine({
  id: 'service',
  context: ({ input: { spec, run, restored, group } }) => ({
    address: addressOf('service', spec.name),
    run,
    spec,
    next: null,
    back: null,
    overrides: restored?.overrides ?? null,
    desired: restored?.desired ?? 'stop',
    generation: restored?.generation ?? 0,
    readyGeneration: restored?.readyGeneration ?? 0,
    by: restored?.by ?? null,
    request: restored?.request ?? null,
    outcome: restored?.outcome ?? null,
    incarnations: 0,
    incarnation: '',
    restartCount: restored?.restartCount ?? 0,
    history: restored?.history ?? noHistory,
    op: null,
    adopt: null,
    leader: null,
    because: restored?.because ?? null,
    blocked: false,
    pid: null,
    containment: null,
    memory: null,
    spawnedAt: null,
    logOffset: null,
    readyAt: null,
    ended: null,
    decision: null,
    group: group ?? null,
    loss: null,
    slot: 'process',
    beside: null,
    fallback: null,
    lapsed: null,
    sick: false,
  }),
  on: {
    RESERVE: { guard: 'slotIsFree', actions: { type: 'reserve', params: ({ event }) => event.op } },
    FREE: { guard: { type: 'holdsSlot', params: ({ event }) => event }, actions: 'free' },
    RESTART: {
      actions: {
        type: 'state',
        params: ({ context, event }) =>
          about(
            context,
            'service.refused',
            `RESTART refused: ${context.op !== null ? `busy with ${context.op.id}` : event.op === undefined ? 'it is held' : `${event.op} is over`}`,
            {
              by: event.by ?? null,
            },
          ),
      },
    },
    RECONFIGURE: { actions: swapSpec },
    RESCHEDULE: { actions: { type: 'reschedule', params: ({ event }) => event } },
    GROUP: { actions: joinGroup },
    SET: { actions: { type: 'set', params: ({ event }) => event.setting } },
  },
  initial: 'restoring',
  states: {
    restoring: {
      // Passed through within one step; the tag is for the law that each state has one.
      tags: 'handshake',
      always: [
        { guard: { type: 'restAs', params: 'completed' }, target: 'completed' },
        { guard: { type: 'restAs', params: 'failed' }, target: 'failed' },
        { target: 'stopped' },
      ],
    },
    stopped: {
      tags: 'reaped',
      on: {
        ...atRest,
        STOP: { actions: { type: 'rest', ...wish } },
        RESUME: { target: 'gate', actions: [assign({ desired: 'run' as const }), hold] },
        ADOPT: [
          {
            guard: { type: 'adoptsNext', params: ({ event }) => event },
            target: 'live.running.overlapping',
            actions: [adopt, besideAdopted, 'remember'],
          },
          { target: 'live', actions: [adopt, besideAdopted, 'startBeside'] },
        ],
      },
    },
    completed: { tags: 'reaped', on: { ...atRest, STOP: { actions: { type: 'rest', ...wish } } } },
    failed: {
      tags: 'reaped',
      on: {
        ...atRest,
        STOP: { target: 'stopped', actions: reject },
        RECONFIGURE: [{ guard: 'wantsToRun', target: 'gate', actions: [swapSpec, 'clearHistory'] }, { actions: swapSpec }],
      },
    },
    gate: {
      tags: 'handshake',
      on: {
        // What it waits for stays the reason.
        RESTART: {
          guard: restart.guard,
          actions: [
            { type: 'renew', ...wish },
            { type: 'replaceSpec', params: ({ event }) => event },
          ],
        },
        STOP: { target: 'stopped', actions: [reject, fact('service.stopped')] },
        HOLD: { target: 'held', actions: hold },
        REMOVE: 'removed',
        RECONFIGURE: { target: 'gate', reenter: true, actions: swapSpec },
        LEAVE: leave,
      },
      initial: 'checking',
      states: {
        checking: { always: [{ guard: 'hasNoDependencies', target: '#service.live' }, { target: 'waiting' }] },
        waiting: {
          invoke: {
            id: 'gate',
            src: 'gate',
            input: ({ context }) => ({ service: context.spec.name, dependsOn: (context.next ?? context.spec).dependsOn }),
            onError: { actions: { type: 'explain', params: 'its dependencies could not be looked at' } },
          },
          on: {
            'gate.open': {
              target: '#service.live',
              actions: {
                type: 'explain',
                params: ({ context, event }) =>
                  event.waited ? 'started once what it depends on was there' : (context.because ?? ''),
              },
            },
            'gate.waiting': {
              actions: [
                { type: 'block', params: false },
                { type: 'explain', params: ({ event }) => event.because },
                fact('service.waiting'),
              ],
            },
            'gate.blocked': {
              actions: [
                { type: 'block', params: true },
                { type: 'explain', params: ({ event }) => event.because },
                fact('service.waiting'),
              ],
            },
          },
        },
      },
    },
    backingOff: {
      tags: 'handshake',
      on: {
        START: { target: 'gate', actions: ['undoDecision', { type: 'want', ...wish }, 'countRestart'] },
        RESTART: { guard: restart.guard, target: 'gate', actions: ['undoDecision', ...restart.want, 'countRestart'] },
        STOP: { target: 'stopped', actions: [reject, fact('service.stopped')] },
        HOLD: { target: 'held', actions: hold },
        REMOVE: 'removed',
        RECONFIGURE: { target: 'gate', actions: [swapSpec, 'countRestart'] },
        LEAVE: leave,
      },
      after: { backoff: { target: 'gate', actions: 'countRestart' } },
    },
    held: {
      tags: 'handshake',
      entry: fact('service.held'),
      exit: 'noteLoss',
      on: {
        RELEASE: { target: 'gate', actions: ['clearHistory', hold, 'countRestart'] },
        // Its group has taken note of its end.
        HOLD: { actions: ['noteLoss', hold] },
        // It is to be started anyway; what it waits for stays the reason.
        START: { actions: { type: 'renew', ...wish } },
        RESTART: {
          guard: restart.guard,
          actions: [
            { type: 'renew', ...wish },
            { type: 'replaceSpec', params: ({ event }) => event },
          ],
        },
        GROUP: { guard: leavesGroup, target: 'gate', actions: [...letGo, 'countRestart'] },
        STOP: { target: 'stopped', actions: [reject, fact('service.stopped')] },
        REMOVE: 'removed',
        LEAVE: leave,
      },
    },
    live: {
      entry: [
        'begin',
        {
          type: 'state',
          params: ({ context }) =>
            about(context, context.adopt === null ? 'service.spawning' : 'service.adopting', context.because),
        },
      ],
      exit: stopChild('process2'),
      invoke: {
        id: 'process',
        src: 'process',
        input: ({ context }) => ({
          address: addressOf('process', context.spec.name),
          spec: context.spec,
          incarnation: context.incarnation,
          adopt: context.adopt?.leader ?? null,
          wasReadyAt: context.adopt?.readyAt ?? null,
          logFrom: context.adopt?.logOffset ?? null,
        }),
      },
      on: {
        'process.spawned': {
          guard: current,
          actions: [
            'explainRespawn',
            {
              type: 'state',
              params: ({ context, event: { pid, start, leader, containment, logOffset } }) =>
                about(context, context.adopt === null ? 'service.spawned' : 'service.adopted', context.because, {
                  data: { pid, start, leader, containment, restarts: context.restartCount, log_offset: logOffset },
                }),
            },
            { type: 'recordSpawn', params: ({ event }) => event },
          ],
        },
        'process.killing': {
          actions: { type: 'state', params: ({ context, event }) => about(context, 'service.killing', event.because) },
        },
        'process.stuck': [
          {
            guard: current,
            actions: [
              { type: 'explain', params: ({ event }) => event.because },
              { type: 'state', params: ({ context, event }) => about(context, 'service.stuck', event.because) },
            ],
          },
          { actions: { type: 'state', params: ({ context, event }) => about(context, 'service.stuck', event.because) } },
        ],
        'xstate.done.actor.*': [besideEnded, { actions: [reportEnd, 'outlive'] }],
        'xstate.error.actor.*': [
          besideFailed,
          {
            target: 'decide',
            actions: [
              'forgetProcess',
              'forgetBeside',
              assign({
                ended: ({ event }) => ({
                  exit: { kind: 'unspawnable', because: `its actor failed: ${String(event.error)}`, passing: true },
                  planned: false,
                  because: null,
                  at: 0,
                  readyAt: null,
                  dice: 0,
                }),
              }),
            ],
          },
        ],
        LEAVE: { target: '.leaving', actions: ['free', { type: 'explain', params: 'left running' }] },
      },
      initial: 'running',
      states: {
        running: {
          on: {
            STOP: { target: 'stopping.thenStopped', actions: reject },
            RESTART: [
              {
                guard: { type: 'mayOverlap', params: ({ event }) => event },
                target: '.overlapping',
                actions: ['remember', ...restart.want],
              },
              { guard: restart.guard, target: 'stopping.thenGate', actions: [...restart.want] },
            ],
            RECONFIGURE: [
              {
                guard: { type: 'changesAndOverlaps', params: ({ event }) => event },
                target: '.overlapping',
                actions: ['remember', ...replaceSpec],
              },
              {
                guard: { type: 'isChange', params: ({ event }) => event },
                target: 'stopping.thenGate',
                actions: [...replaceSpec],
              },
            ],
            REPLACE: [
              { guard: 'keepsUp', target: '.overlapping', actions: ['remember', hold] },
              { target: 'stopping.thenGate', actions: hold },
            ],
            HOLD: { target: 'stopping.thenHeld', actions: hold },
            REMOVE: { target: 'stopping.thenRemoved', actions: removed },
            'xstate.done.actor.*': [
              besideEnded,
              {
                guard: 'isAlone',
                target: '#service.decide',
                actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess'],
              },
              // It fell while the one before was still draining: what follows is decided when that has gone.
              {
                target: 'stopping.draining',
                actions: [
                  { type: 'recordEnd', params: ended },
                  reportEnd,
                  { type: 'explain', params: ({ context, event }) => drainsFirst(context, causeOf(event.output)) },
                  'outlive',
                ],
              },
            ],
          },
          initial: 'starting',
          states: {
            starting: {
              tags: 'handshake',
              on: {
                'process.ready': {
                  guard: current,
                  target: 'healthy',
                  actions: [{ type: 'recordReady', params: ({ event }) => event }, fact('service.ready')],
                },
                'process.ending': ending,
              },
            },
            healthy: {
              tags: 'active',
              entry: { type: 'becomeSick', params: false },
              on: {
                'process.unhealthy': [
                  {
                    guard: current,
                    target: 'unhealthy',
                    actions: [
                      { type: 'explain', params: ({ event }) => event.because },
                      { type: 'state', params: ({ context, event }) => about(context, 'service.unhealthy', event.because) },
                    ],
                  },
                ],
                'process.ending': ending,
              },
            },
            unhealthy: {
              tags: 'active',
              entry: { type: 'becomeSick', params: true },
              on: {
                'process.recovered': {
                  guard: current,
                  target: 'healthy',
                  actions: [{ type: 'explain', params: 'recovered: its health checks pass again' }, fact('service.recovered')],
                },
                'process.ending': ending,
              },
              always: { guard: 'restartsWhenUnhealthy', target: '#service.live.stopping.thenDecide' },
            },
            ending: { tags: 'active' },
            overlapping,
            returning,
          },
        },
        // It runs on, and whoever comes next adopts it.
        leaving: {
          tags: 'active',
          entry: 'leaveProcess',
          on: {
            'xstate.error.actor.*': [{ guard: 'isAlone', target: '#service.stopped', actions: 'forgetProcess' }, ...oneOfTwo],
            'xstate.done.actor.*': [
              { guard: 'isAlone', target: '#service.stopped', actions: [fact('service.left'), 'forgetProcess'] },
              ...oneOfTwo,
            ],
          },
        },
        stopping: {
          tags: 'active',
          entry: ['stopProcess', fact('service.stopping')],
          on: {
            START: { target: '.thenGate', actions: { type: 'want', ...wish } },
            RESTART: { guard: restart.guard, target: '.thenGate', actions: [...restart.want] },
            STOP: { target: '.thenStopped', actions: reject },
            HOLD: { guard: 'wantsToRun', target: '.thenHeld', actions: hold },
            REMOVE: '.thenRemoved',
            'xstate.error.actor.*': [...oneOfTwo],
          },
          initial: 'thenStopped',
          states: {
            thenStopped: {
              on: {
                'xstate.error.actor.*': { guard: 'isAlone', target: '#service.stopped', actions: 'forgetProcess' },
                'xstate.done.actor.*': {
                  guard: 'isAlone',
                  target: '#service.stopped',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess', fact('service.stopped')],
                },
              },
            },
            thenGate: {
              on: {
                'xstate.error.actor.*': { guard: 'isAlone', target: '#service.gate', actions: 'forgetProcess' },
                'xstate.done.actor.*': {
                  guard: 'isAlone',
                  target: '#service.gate',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess', 'clearHistory', 'countRestart'],
                },
              },
            },
            thenHeld: {
              on: {
                GROUP: { guard: leavesGroup, target: 'thenGate', actions: letGo },
                'xstate.error.actor.*': { guard: 'isAlone', target: '#service.held', actions: 'forgetProcess' },
                'xstate.done.actor.*': {
                  guard: 'isAlone',
                  target: '#service.held',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess'],
                },
              },
            },
            thenRemoved: {
              on: {
                START: tooLate,
                RESTART: tooLate,
                STOP: { actions: { type: 'rest', ...wish } },
                HOLD: {},
                // It is wanted again.
                RECONFIGURE: [
                  { guard: 'wantsToRun', target: 'thenGate', actions: swapSpec },
                  { target: 'thenStopped', actions: swapSpec },
                ],
                'xstate.error.actor.*': { guard: 'isAlone', target: '#service.removed', actions: 'forgetProcess' },
                'xstate.done.actor.*': {
                  guard: 'isAlone',
                  target: '#service.removed',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess'],
                },
              },
            },
            // It ended by itself, and the one before drains: then its policy decides.
            draining: {
              on: {
                'xstate.done.actor.*': { guard: 'isAlone', target: '#service.decide', actions: [reportEnd, 'forgetProcess'] },
              },
            },
            thenDecide: {
              on: {
                'xstate.done.actor.*': {
                  guard: 'isAlone',
                  target: '#service.decide',
                  actions: [
                    {
                      type: 'recordEnd',
                      params: ({ context, event }) => ({
                        ...event.output,
                        planned: false,
                        because: `was ${context.because ?? 'unhealthy'}`,
                      }),
                    },
                    reportEnd,
                    'forgetProcess',
                  ],
                },
              },
            },
          },
        },
      },
    },
    decide: {
      // Passed through within one step; the tag is for the law that each state has one.
      tags: 'handshake',
      entry: 'decide',
      always: [
        {
          guard: { type: 'decided', params: 'completed' },
          target: 'completed',
          actions: ['recordCompleted', fact('service.completed')],
        },
        { guard: { type: 'decided', params: 'stopped' }, target: 'stopped', actions: fact('service.stopped') },
        { guard: { type: 'decided', params: 'failed' }, target: 'failed', actions: fact('service.failed') },
        { guard: { type: 'decided', params: 'gaveUp' }, target: 'failed', actions: fact('service.gaveUp') },
        { guard: { type: 'decided', params: 'held' }, target: 'held', actions: 'lose' },
        { guard: 'restartsAtOnce', target: 'gate', actions: ['countRestart', fact('service.restarting')] },
        { target: 'backingOff', actions: fact('service.restarting') },
      ],
    },
    removed: { tags: 'reaped', type: 'final', entry: fact('service.removed') },
  },
})
