import { assign, enqueueActions, raise, sendParent, sendTo, setup, stopChild, type ErrorActorEvent } from 'xstate'
import { formatDuration } from '../protocol/duration.ts'
import type { Exit } from '../protocol/exit.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import type { Address } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import type {
  ChildCommand,
  ChildFact,
  ChildInput,
  Containment,
  MemoryExceeded,
  MemoryKeeper,
  MemoryWatchInput,
  ProbeCommand,
  ProbeFact,
  ProbeInput,
  ProcessIdentity,
} from '../protocol/process.ts'
import type { Ended, ServiceSpec } from '../protocol/service.ts'
import { port } from './port.ts'

/**
 * PROCESS: one incarnation of a program, child of its service. Ends when the program and everything that it started
 * have gone; owns the `child` actor, which owns the OS process.
 *
 *   spawning ─spawned─▶ probing ─ready─▶ up.healthy ⇄ up.unhealthy
 *   adopting ─alive──▶    │ │                │
 *      │ gone             │ │ start_timeout  │ STOP
 *      │           exited │ └──────┬─────────┘
 *      │                  │        ▼
 *      │                  │   terminating ─grace─▶ killing ─5 s─▶ killing.stuck ↺
 *      │                  ▼        │ exited           │ exited
 *      └──────────▶ sweeping.purging   sweeping.draining ─grace─▶ sweeping.purging
 *                         └──────────▶ reaped ◀──┘
 *
 * An exit that leaves nothing behind goes straight to reaped. After STOP the rest of a group whose leader has gone
 * keeps what is left of the grace (draining); after a crash it gets SIGKILL (purging). Too much memory, where the kernel does
 * not see to it, leads from probing and up to terminating, like a start_timeout.
 */

export interface ProcessInput {
  readonly address: string
  readonly spec: ServiceSpec
  readonly incarnation: string
  readonly adopt: ProcessIdentity | null
  /** Adopted: when it got ready, as far as an earlier run knew; monotonic ms. */
  readonly wasReadyAt?: number | null
  /** Adopted: where its output began in its log, as far as an earlier run knew. */
  readonly logFrom?: number | null
  /** Another runs until this one is ready: then an adopted one has its time to get ready too. */
  readonly isNext?: boolean
  /** Adopted: it has had its stop signal, and a second one would end its work half done. */
  readonly told?: boolean
}

export interface ProcessContext extends ProcessInput {
  readonly pid: number | null
  readonly start: number | null
  readonly containment: Containment | null
  readonly logOffset: number
  readonly spawnedAt: number | null
  readonly readyAt: number | null
  /** What the probes last said, for people. */
  readonly because: string | null
  /** Why we ended it, when nobody asked us to. */
  readonly verdict: string | null
  readonly planned: boolean
  readonly exit: Exit
  readonly endedAt: number
  readonly dice: number
  /** Consecutive passes and failures of the probe at work. */
  readonly passes: number
  readonly failures: number
}

export type ProcessEvent =
  | { readonly type: 'STOP' }
  | { readonly type: 'KILL' }
  | { readonly type: 'LEAVE' }
  /** It is known by another address now. */
  | { readonly type: 'RENAME'; readonly address: Address }
  | { readonly type: 'grace.over' }
  | ChildFact
  | ProbeFact
  | MemoryExceeded
  | ErrorActorEvent<unknown, 'liveness' | 'memory'>

/** What PROCESS tells its service; each carries its incarnation. */
export type ProcessFact =
  | {
      readonly type: 'process.spawned'
      readonly incarnation: string
      readonly pid: number
      readonly start: number
      readonly leader: ProcessIdentity
      readonly at: number
      readonly containment: Containment
      readonly memory: MemoryKeeper | null
      readonly logOffset: number
    }
  | { readonly type: 'process.ready'; readonly incarnation: string; readonly at: number | null }
  | { readonly type: 'process.unhealthy'; readonly incarnation: string; readonly because: string }
  | { readonly type: 'process.recovered'; readonly incarnation: string }
  | { readonly type: 'process.ending'; readonly incarnation: string; readonly because: string }
  | { readonly type: 'process.killing'; readonly incarnation: string; readonly because: string }
  | { readonly type: 'process.stuck'; readonly incarnation: string; readonly because: string }

type Spawned = Extract<ChildFact, { type: 'child.spawned' | 'child.alive' }>
type Exited = Extract<ChildFact, { type: 'child.exited' }>
type Unspawnable = Extract<ChildFact, { type: 'child.unspawnable' }>

const base = setup({
  types: {
    input: {} as ProcessInput,
    context: {} as ProcessContext,
    events: {} as ProcessEvent,
    output: {} as Ended,
    tags: {} as Phase,
  },
  actors: {
    child: port<ChildCommand, ChildInput>('child'),
    probe: port<ProbeCommand, ProbeInput>('probe'),
    memory: port<{ type: 'memory.none' }, MemoryWatchInput>('memory'),
  },
  guards: {
    isAdoption: ({ context }) => context.adopt !== null,
    /** Ready as soon as it runs: there is nothing to look at. What it once wrote need not stand in its log any more. */
    mineAndReady: ({ context }, { incarnation }: Spawned) =>
      incarnation === context.incarnation &&
      (context.spec.readiness === null || (context.readyAt !== null && context.spec.readiness.target.type === 'log')),
    /** A fact of another incarnation came late; it is dropped. */
    mine: ({ context }, { incarnation }: { incarnation: string }) => incarnation === context.incarnation,
    mineAndEmpty: ({ context }, { incarnation, empty }: Exited) => incarnation === context.incarnation && empty,
    isReady: ({ context }) => context.passes + 1 >= (context.spec.readiness?.passes ?? 1),
    isSick: ({ context }) => context.failures + 1 >= (context.spec.liveness?.failures ?? 1),
    isWell: ({ context }) => context.passes + 1 >= (context.spec.liveness?.passes ?? 1),
  },
  delays: {
    // An adopted program may be in any state of its life: no timer of a start runs for it.
    startTimeout: ({ context }) =>
      context.adopt === null || context.isNext === true ? context.spec.startTimeout : limits.duration,
    grace: ({ context }) => context.spec.stopGrace,
    stuckAfter: limits.stuckAfter,
    killRepeat: limits.killRepeat,
  },
  actions: {
    countPass: assign({ passes: ({ context }) => context.passes + 1, failures: 0 }),
    countFailure: assign({
      failures: ({ context }) => context.failures + 1,
      passes: 0,
      because: (_, { because }: { because: string }) => because,
    }),
    forgetLooks: assign({ passes: 0, failures: 0 }),
    recordSpawn: assign(({ context }, fact: Spawned) => ({
      pid: fact.pid,
      start: fact.start,
      containment: fact.containment,
      logOffset: context.logFrom ?? fact.logOffset,
      spawnedAt: fact.type === 'child.alive' ? fact.since : fact.at,
    })),
    // An adopted one that was ready before has been so since then.
    recordReady: assign({ readyAt: ({ context }, { at }: { at: number | null }) => context.readyAt ?? at, because: null }),
    recordExit: assign((_, { exit, at, dice }: Exited) => ({ exit, endedAt: at, dice })),
    recordUnspawnable: assign((_, { because, passing, at, dice }: Unspawnable) => ({
      exit: { kind: 'unspawnable' as const, because, passing },
      endedAt: at,
      dice,
    })),
    plan: assign({ planned: true, because: null, verdict: null }),
    condemn: assign({
      verdict: (_, { verdict }: { verdict: string }) => verdict,
      because: (_, { verdict }: { verdict: string }) => verdict,
    }),
    blame: assign({ because: (_, { because }: { because: string }) => because }),
    tellSpawned: sendParent(({ context }, { pid, start, leader, containment, memory }: Spawned) => ({
      type: 'process.spawned',
      incarnation: context.incarnation,
      pid,
      start,
      leader,
      containment,
      memory: memory ?? null,
      logOffset: context.logOffset,
      at: context.spawnedAt,
    })),
    tellReady: sendParent(({ context }) => ({ type: 'process.ready', incarnation: context.incarnation, at: context.readyAt })),
    tellRecovered: sendParent(({ context }) => ({ type: 'process.recovered', incarnation: context.incarnation })),
    tellUnhealthy: sendParent(({ context }) => ({
      type: 'process.unhealthy',
      incarnation: context.incarnation,
      because: context.because ?? 'unhealthy',
    })),
    tellEnding: sendParent(({ context }) => ({
      type: 'process.ending',
      incarnation: context.incarnation,
      because: context.because ?? '',
    })),
    tellKilling: sendParent(({ context }) => ({
      type: 'process.killing',
      incarnation: context.incarnation,
      because: `still there ${formatDuration(context.spec.stopGrace)} after ${context.spec.stopSignal}`,
    })),
    tellStuck: sendParent(({ context }) => ({
      type: 'process.stuck',
      incarnation: context.incarnation,
      because: `pid ${context.pid} does not go ${formatDuration(limits.stuckAfter)} after SIGKILL; it may wait for a device (state D)`,
    })),
    signal: enqueueActions(({ enqueue, context: { told, spec } }) => {
      if (told !== true) enqueue.sendTo('child', { type: 'child.signal' as const, signal: spec.stopSignal })
    }),
    startGrace: raise({ type: 'grace.over' }, { delay: 'grace', id: 'grace' }),
    kill: sendTo('child', { type: 'child.kill' as const }),
    // Only where there is something to look at: an actor for nothing would be a third of a service's cost.
    watchLiveness: enqueueActions(({ enqueue, context }) => {
      if (context.spec.liveness !== null) enqueue.spawnChild('probe', { id: 'liveness', input: probeInput(context, 'liveness') })
    }),
    // From the first moment: it may grow before it is ready.
    watchMemory: enqueueActions(({ enqueue, context: { spec } }, { memory }: Spawned) => {
      if (spec.memoryLimit === null || memory !== 'watch') return
      enqueue.spawnChild('memory', { id: 'memory', input: { service: spec.name, limit: spec.memoryLimit } })
    }),
    drain: sendTo('child', { type: 'child.drain' as const }),
    purge: sendTo('child', { type: 'child.purge' as const }),
    detach: sendTo('child', { type: 'child.detach' as const }),
  },
})

const probeInput = (context: ProcessContext, purpose: 'readiness' | 'liveness'): ProbeInput => ({
  purpose,
  service: context.spec.name,
  probe: context.spec[purpose],
  spec: context.spec,
  pid: context.pid ?? 0,
  logOffset: context.logOffset,
  spawnedAt: context.spawnedAt ?? 0,
})

const mine = { type: 'mine', params: ({ event }: { event: ChildFact }) => event } as const
const recordExit = { type: 'recordExit', params: ({ event }: { event: Exited }) => event } as const

/** Where a spawn leads: to its readiness probe, or straight up when it has none. */
const recordSpawn = [
  { type: 'recordSpawn', params: ({ event }: { event: Spawned }) => event },
  { type: 'tellSpawned', params: ({ event }: { event: Spawned }) => event },
  { type: 'watchMemory', params: ({ event }: { event: Spawned }) => event },
] as const
const running = [
  {
    guard: { type: 'mineAndReady', params: ({ event }: { event: Spawned }) => event },
    target: '#process.up',
    actions: [
      ...recordSpawn,
      { type: 'recordReady', params: ({ context }: { context: ProcessContext }) => ({ at: context.spawnedAt }) },
    ],
  },
  { guard: mine, target: '#process.probing', actions: [...recordSpawn] },
] as const

/** It used more memory than it may. */
const exceeded = {
  target: '#process.terminating',
  actions: [{ type: 'condemn', params: ({ event }: { event: MemoryExceeded }) => ({ verdict: event.because }) }, 'tellEnding'],
} as const

/** Where an exit leads: to reaped when nothing is left behind, else to the sweeping that is due. */
const exited = (sweeping: 'draining' | 'purging') =>
  [
    {
      guard: { type: 'mineAndEmpty', params: ({ event }: { event: Exited }) => event },
      target: '#process.reaped',
      actions: recordExit,
    },
    { guard: mine, target: `#process.sweeping.${sweeping}`, actions: recordExit },
  ] as const

export const processMachine = base.createMachine({
  id: 'process',
  context: ({ input }) => ({
    ...input,
    pid: input.adopt?.pid ?? null,
    start: input.adopt?.start ?? null,
    containment: null,
    logOffset: 0,
    spawnedAt: null,
    readyAt: input.wasReadyAt ?? null,
    because: null,
    verdict: null,
    planned: false,
    exit: { kind: 'unseen' },
    endedAt: 0,
    dice: 0,
    passes: 0,
    failures: 0,
  }),
  invoke: {
    id: 'child',
    src: 'child',
    input: ({ context: { spec, incarnation, adopt, isNext: beside } }) => ({ spec, incarnation, adopt, beside }),
    onError: {
      target: '.reaped',
      actions: assign({ exit: ({ event }) => ({ kind: 'unspawnable', because: String(event.error), passing: false }) }),
    },
  },
  on: {
    // Then nobody looks; what it uses is the kernel's affair.
    'xstate.error.actor.memory': {},
    RENAME: { actions: assign({ address: ({ event }) => event.address }) },
    LEAVE: { target: '.reaped', actions: ['detach', 'plan', assign({ exit: { kind: 'left' } })] },
  },
  initial: 'spawning',
  states: {
    spawning: {
      tags: 'handshake',
      on: {
        'child.unspawnable': {
          guard: mine,
          target: 'reaped',
          actions: { type: 'recordUnspawnable', params: ({ event }) => event },
        },
        'child.exited': exited('purging'),
      },
      initial: 'pending',
      states: {
        pending: {
          on: {
            'child.spawned': running,
            STOP: { target: 'cancelled', actions: 'plan' },
          },
          always: { guard: 'isAdoption', target: '#process.adopting' },
        },
        cancelled: {
          on: {
            'child.spawned': {
              guard: mine,
              target: '#process.terminating',
              actions: { type: 'recordSpawn', params: ({ event }) => event },
            },
            'child.alive': {
              guard: mine,
              target: '#process.terminating',
              actions: { type: 'recordSpawn', params: ({ event }) => event },
            },
          },
        },
      },
    },
    adopting: {
      tags: 'handshake',
      on: {
        'child.alive': running,
        'child.exited': exited('purging'),
        STOP: { target: 'spawning.cancelled', actions: 'plan' },
      },
    },
    probing: {
      tags: 'handshake',
      entry: 'forgetLooks',
      invoke: {
        id: 'readiness',
        src: 'probe',
        input: ({ context }) => probeInput(context, 'readiness'),
        onError: { actions: { type: 'blame', params: { because: 'the readiness probe failed to work' } } },
      },
      on: {
        'probe.passed': [
          {
            guard: 'isReady',
            target: 'up',
            actions: { type: 'recordReady', params: ({ event }) => ({ at: event.at }) },
          },
          { actions: 'countPass' },
        ],
        'probe.failed': {
          actions: { type: 'countFailure', params: ({ event }) => ({ because: `not ready yet: ${event.because}` }) },
        },
        'child.exited': exited('purging'),
        'memory.exceeded': exceeded,
        STOP: { target: 'terminating', actions: 'plan' },
      },
      after: {
        startTimeout: {
          target: 'terminating',
          actions: [
            {
              type: 'condemn',
              params: ({ context }) => ({
                verdict: `was not ready within ${formatDuration(context.spec.startTimeout)}${context.because === null ? '' : ` (${context.because})`}`,
              }),
            },
            'tellEnding',
          ],
        },
      },
    },
    up: {
      tags: 'active',
      entry: ['forgetLooks', 'tellReady', 'watchLiveness'],
      exit: stopChild('liveness'),
      on: {
        'xstate.error.actor.liveness': { actions: { type: 'blame', params: { because: 'the liveness probe failed to work' } } },
        'child.exited': exited('purging'),
        'memory.exceeded': exceeded,
        STOP: { target: 'terminating', actions: 'plan' },
      },
      initial: 'healthy',
      states: {
        healthy: {
          on: {
            'probe.failed': [
              {
                guard: 'isSick',
                target: 'unhealthy',
                actions: [
                  { type: 'countFailure', params: ({ event }) => ({ because: event.because }) },
                  {
                    type: 'blame',
                    params: ({ context, event }) => ({
                      because: `unhealthy: ${context.failures} failed checks in a row, the last: ${event.because}`,
                    }),
                  },
                  'tellUnhealthy',
                ],
              },
              {
                actions: {
                  type: 'countFailure',
                  params: ({ event }) => ({ because: `a health check failed: ${event.because}` }),
                },
              },
            ],
            'probe.passed': { actions: ['forgetLooks', assign({ because: null })] },
          },
        },
        unhealthy: {
          on: {
            'probe.passed': [
              { guard: 'isWell', target: 'healthy', actions: ['forgetLooks', assign({ because: null }), 'tellRecovered'] },
              { actions: 'countPass' },
            ],
            'probe.failed': {
              actions: { type: 'countFailure', params: ({ context, event }) => ({ because: context.because ?? event.because }) },
            },
          },
        },
      },
    },
    terminating: {
      tags: 'active',
      entry: [stopChild('memory'), 'signal', 'startGrace'],
      on: {
        'child.exited': exited('draining'),
        'grace.over': { target: 'killing', actions: 'tellKilling' },
        STOP: { actions: 'plan' },
        KILL: 'killing',
      },
    },
    killing: {
      tags: 'active',
      entry: 'kill',
      on: {
        'child.exited': exited('purging'),
        STOP: { actions: 'plan' },
      },
      initial: 'waiting',
      states: {
        waiting: { after: { stuckAfter: { target: 'stuck', actions: 'tellStuck' } } },
        stuck: { entry: 'kill', after: { killRepeat: { target: 'stuck', reenter: true } } },
      },
    },
    sweeping: {
      tags: 'active',
      on: {
        'child.swept': { guard: mine, target: 'reaped' },
        STOP: { actions: 'plan' },
      },
      initial: 'purging',
      states: {
        draining: { entry: 'drain', on: { 'grace.over': 'purging', KILL: 'purging' } },
        // The actor goes on by itself; after a while it is worth saying so.
        purging: { entry: 'purge', after: { stuckAfter: { actions: 'tellStuck' } } },
      },
    },
    reaped: { tags: 'reaped', type: 'final' },
  },
  output: ({ context: { exit, planned, verdict, endedAt, readyAt, dice } }) => ({
    exit,
    planned,
    because: verdict,
    at: endedAt,
    readyAt,
    dice,
  }),
})
