import { assign, sendTo, setup, type DoneActorEvent, type ErrorActorEvent } from 'xstate'
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

/**
 * SERVICE: what the user named. It outlives its processes, one at a time, and decides what follows when one ends.
 *
 *   stopped ──START──▶ gate ──open──▶ live.running ──STOP──▶ live.stopping.then… ──reaped──▶ stopped
 *   completed ─START─▶  ▲ ▲               │ reaped by itself        (RESTART: gate, HOLD: held, REMOVE: removed)
 *   failed ────START─▶  │ │               ▼
 *                       │ └─at once──── decide ──▶ completed · stopped · failed
 *                       └──delay── backingOff ◀┘
 *   held: its group decides; it ended by itself, or a sibling did. RELEASE lets it through its gate.
 *
 * While it stops, the newest wish wins: it picks another `then…`, and what the process does meanwhile changes nothing.
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

type Wish = Extract<ServiceCommand, { type: 'START' | 'STOP' | 'RESTART' }>
type Restart = Extract<ServiceCommand, { type: 'RESTART' }>

export type ServiceEvent =
  | ServiceCommand
  | GateFact
  | ProcessFact
  /** Boot found it alive, or knows that it was and how it ended. */
  | ({ readonly type: 'ADOPT'; readonly at: number } & Adoption)
  /** Goes on where an earlier run stopped: neither a new generation nor a new budget. */
  | { readonly type: 'RESUME'; readonly because: string; readonly at: number }
  | { readonly type: 'LEAVE' }
  | DoneActorEvent<Ended, 'process'>
  | ErrorActorEvent<unknown, 'process'>

const about = (
  context: ServiceContext,
  type: Statement['type'],
  because: string | null,
  more: Partial<Statement> = {},
): Statement => ({
  type,
  about: context.address,
  because,
  ...more,
})

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
    /** What it depends on matters to a start alone; more instances of that must not restart whoever needs them. */
    isChange: ({ context }, { spec }: { spec: ServiceSpec }) =>
      !sameSpec({ ...spec, dependsOn: [] }, { ...(context.next ?? context.spec), dependsOn: [] }),
    current: ({ context }, { incarnation }: { incarnation: string }) => incarnation === context.incarnation,
    restartsWhenUnhealthy: ({ context }) => context.spec.restart.onUnhealthy,
    wantsToRun: ({ context }) => context.desired === 'run',
    changesGroup: ({ context }, { group }: { group: string | null }) => context.group !== group,
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
    reschedule: assign(({ context: { spec, next, back } }, { schedule }: { schedule: ServiceSpec['schedule'] }) => ({
      spec: { ...spec, schedule },
      next: next === null ? null : { ...next, schedule },
      back: back === null ? null : { ...back, schedule },
    })),
    countRestart: assign({ restartCount: ({ context }) => context.restartCount + 1 }),
    begin: assign(({ context }) => ({
      spec: context.next ?? context.spec,
      next: context.back,
      back: null,
      incarnations: context.incarnations + 1,
      incarnation: context.adopt?.incarnation ?? nameIncarnation(context.run, context.incarnations + 1, context.generation),
      blocked: false,
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
    stopProcess: sendTo('process', { type: 'STOP' as const }),
    leaveProcess: sendTo('process', { type: 'LEAVE' as const }),
  },
})

const wish = { params: ({ event }: { event: Wish }) => event }
const restart = {
  guard: { type: 'mayOperate', params: ({ event }: { event: Restart }) => event },
  want: [
    { type: 'want', ...wish },
    { type: 'replaceSpec', params: ({ event }: { event: Restart }) => event },
  ],
} as const
const reject = { type: 'reject', ...wish } as const
const swapSpec = { type: 'reconfigure', params: ({ event }: { event: { spec: ServiceSpec } }) => event.spec } as const
const hold = { type: 'explain', params: ({ event }: { event: { because: string } }) => event.because } as const
const joinGroup = { type: 'joinGroup', params: ({ event }: { event: { group: string | null } }) => event } as const
const fact = (type: Statement['type']) =>
  ({ type: 'state', params: ({ context }: { context: ServiceContext }) => about(context, type, context.because) }) as const
const ended = ({ event }: { event: DoneActorEvent<Ended, 'process'> }): Ended => event.output
const reportEnd = {
  type: 'state',
  params: ({ context, event: { output } }: { context: ServiceContext; event: DoneActorEvent<Ended, 'process'> }) =>
    about(context, 'service.exited', causeOf(output), {
      data: {
        pid: context.pid,
        exit: output.exit,
        planned: output.planned,
        uptime_ms: context.spawnedAt === null ? 0 : Math.max(0, Math.round(output.at - context.spawnedAt)),
      },
    }),
} as const
const current = { type: 'current', params: ({ event }: { event: ProcessFact }) => event } as const

/** Its process ends it: not ready in time, or too much memory. */
const ending = {
  guard: current,
  target: 'ending',
  actions: { type: 'explain', params: ({ event }: { event: Extract<ProcessFact, { type: 'process.ending' }> }) => event.because },
} as const

/** It is on its way out of the config: what is asked of it meanwhile comes too late. */
const tooLate = {
  actions: {
    type: 'state',
    params: ({ context, event: { type, by } }: { context: ServiceContext; event: Wish }) =>
      about(context, 'service.refused', `${type} refused: it is not in the config any more`, { by: by ?? null }),
  },
} as const

// Whoever holds its slot must not wake it any more.
const leave = { target: 'stopped', actions: ['free', { type: 'explain', params: 'left, not started yet' }] } as const

/** A state in which nothing runs and nothing is wanted of it until somebody says so. */
const atRest = {
  START: { target: 'gate', actions: [{ type: 'clearHistory' }, { type: 'want', ...wish }] },
  RESTART: { guard: restart.guard, target: 'gate', actions: [{ type: 'clearHistory' }, ...restart.want] },
  REMOVE: 'removed',
} as const

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
        ADOPT: {
          target: 'live',
          actions: assign(({ event: { leader, incarnation, readyAt, logOffset } }) => ({
            desired: 'run' as const,
            adopt: { leader, incarnation, readyAt, logOffset },
            because: 'found running and adopted',
          })),
        },
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
        // Nobody who held it will let it go.
        GROUP: {
          guard: { type: 'changesGroup', params: ({ event }) => event },
          target: 'gate',
          actions: [
            joinGroup,
            { type: 'explain', params: 'restarted: it is not in the group that held it any more' },
            'countRestart',
          ],
        },
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
        onError: {
          target: 'decide',
          actions: [
            'forgetProcess',
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
      },
      on: {
        'process.spawned': {
          guard: current,
          actions: [
            'explainRespawn',
            {
              type: 'state',
              params: ({ context, event: { pid, start, leader, containment } }) =>
                about(context, context.adopt === null ? 'service.spawned' : 'service.adopted', context.because, {
                  data: { pid, start, leader, containment, restarts: context.restartCount },
                }),
            },
            { type: 'recordSpawn', params: ({ event }) => event },
          ],
        },
        'process.killing': {
          guard: current,
          actions: { type: 'state', params: ({ context, event }) => about(context, 'service.killing', event.because) },
        },
        'process.stuck': {
          guard: current,
          actions: [
            { type: 'explain', params: ({ event }) => event.because },
            { type: 'state', params: ({ context, event }) => about(context, 'service.stuck', event.because) },
          ],
        },
        LEAVE: { target: '.leaving', actions: ['free', { type: 'explain', params: 'left running' }] },
      },
      initial: 'running',
      states: {
        running: {
          on: {
            STOP: { target: 'stopping.thenStopped', actions: reject },
            RESTART: { guard: restart.guard, target: 'stopping.thenGate', actions: [...restart.want] },
            RECONFIGURE: [
              {
                guard: { type: 'isChange', params: ({ event }) => event },
                target: 'stopping.thenGate',
                actions: [
                  swapSpec,
                  { type: 'renew', params: {} },
                  { type: 'explain', params: 'restarted because its config changed' },
                ],
              },
            ],
            REPLACE: { target: 'stopping.thenGate', actions: hold },
            HOLD: { target: 'stopping.thenHeld', actions: hold },
            REMOVE: { target: 'stopping.thenRemoved', actions: { type: 'explain', params: 'removed from the config' } },
            'xstate.done.actor.process': {
              target: '#service.decide',
              actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess'],
            },
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
          },
        },
        // It runs on, and whoever comes next adopts it.
        leaving: {
          tags: 'active',
          entry: 'leaveProcess',
          on: {
            'xstate.error.actor.process': { target: '#service.stopped', actions: 'forgetProcess' },
            'xstate.done.actor.process': { target: '#service.stopped', actions: [fact('service.left'), 'forgetProcess'] },
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
          },
          initial: 'thenStopped',
          states: {
            thenStopped: {
              on: {
                'xstate.error.actor.process': { target: '#service.stopped', actions: 'forgetProcess' },
                'xstate.done.actor.process': {
                  target: '#service.stopped',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess', fact('service.stopped')],
                },
              },
            },
            thenGate: {
              on: {
                'xstate.error.actor.process': { target: '#service.gate', actions: 'forgetProcess' },
                'xstate.done.actor.process': {
                  target: '#service.gate',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess', 'clearHistory', 'countRestart'],
                },
              },
            },
            thenHeld: {
              on: {
                'xstate.error.actor.process': { target: '#service.held', actions: 'forgetProcess' },
                'xstate.done.actor.process': {
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
                'xstate.error.actor.process': { target: '#service.removed', actions: 'forgetProcess' },
                'xstate.done.actor.process': {
                  target: '#service.removed',
                  actions: [{ type: 'recordEnd', params: ended }, reportEnd, 'forgetProcess'],
                },
              },
            },
            thenDecide: {
              on: {
                'xstate.done.actor.process': {
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
