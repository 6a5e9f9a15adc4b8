import { describe } from 'vitest'
import { connectionMachine } from '../../src/machines/connection.ts'
import { groupMachine } from '../../src/machines/group.ts'
import { hookMachine } from '../../src/machines/hook.ts'
import { loginMachine } from '../../src/machines/login.ts'
import { lockdownMachine } from '../../src/machines/lockdown.ts'
import { listenerMachine } from '../../src/machines/listener.ts'
import { processMachine } from '../../src/machines/process.ts'
import { programMachine } from '../../src/machines/program.ts'
import { reloadMachine } from '../../src/machines/reload.ts'
import type { TargetView } from '../../src/machines/restart-vocabulary.ts'
import { restartMachine } from '../../src/machines/restart.ts'
import { scheduleMachine } from '../../src/machines/schedule.ts'
import { rollingMachine } from '../../src/machines/rolling.ts'
import { rotationMachine } from '../../src/machines/rotation.ts'
import { serviceMachine } from '../../src/machines/service.ts'
import { switchMachine } from '../../src/machines/switch.ts'
import { shutdownMachine } from '../../src/machines/shutdown.ts'
import { neverRan, programSpec } from '../../src/protocol/program.ts'
import { changedBy } from '../../src/protocol/setting.ts'
import { fake } from '../support/fake.ts'
import { groupOf, probe, specOf, wellMember } from '../support/specs.ts'
import { targetOf } from '../support/target.ts'
import { obeysLifecycleLaws } from './lifecycle-laws.ts'

const incarnation = 'run.1'
const exit = { kind: 'exited', code: 1 } as const
// Fits every port: the laws are about the charts alone.
const silent = fake().logic as never

describe('PROCESS', () => {
  const events = [
    {
      type: 'child.spawned',
      incarnation,
      pid: 7,
      start: 1,
      leader: { pid: 7, start: 1 },
      containment: 'mark',
      logOffset: 0,
      at: 1,
    },
    {
      type: 'child.alive',
      incarnation,
      pid: 7,
      start: 1,
      leader: { pid: 7, start: 1 },
      containment: 'mark',
      logOffset: 0,
      since: 1,
      at: 1,
    },
    { type: 'child.unspawnable', incarnation, because: 'no', passing: false, at: 1, dice: 0 },
    { type: 'child.exited', incarnation, exit, empty: true, at: 1, dice: 0 },
    { type: 'child.exited', incarnation, exit, empty: false, at: 1, dice: 0 },
    { type: 'child.swept', incarnation, at: 1 },
    { type: 'probe.passed', at: 1 },
    { type: 'probe.failed', because: 'no', at: 1 },
    { type: 'memory.exceeded', because: 'x' },
    { type: 'STOP' },
    { type: 'KILL' },
    { type: 'LEAVE' },
    { type: 'grace.over' },
    { type: 'xstate.after.startTimeout.process.probing' },
    { type: 'xstate.after.stuckAfter.process.killing.waiting' },
  ]
  const quiet = (): void => {}
  const machine = processMachine.provide({
    actors: { child: silent, probe: silent },
    // Without a service there is nobody to tell.
    actions: {
      tellSpawned: quiet,
      tellReady: quiet,
      tellRecovered: quiet,
      tellUnhealthy: quiet,
      tellEnding: quiet,
      tellKilling: quiet,
      tellStuck: quiet,
    },
  })
  const spec = specOf({ readiness: probe, liveness: { ...probe, failures: 2 } })
  const distinguish = ({ failures, passes, planned }: Record<string, unknown>) => [
    Math.min(Number(failures), 2),
    Math.min(Number(passes), 1),
    planned,
  ]
  obeysLifecycleLaws('spawned', machine, {
    input: { address: 'process.web', spec, incarnation, adopt: null },
    events,
    distinguish,
    // Only an adoption begins there.
    unreached: ['adopting'],
  })
  obeysLifecycleLaws('adopted', machine, {
    input: { address: 'process.web', spec, incarnation, adopt: { pid: 7, start: 1 } },
    events,
    distinguish,
    unreached: ['spawning.pending'],
  })
})

describe('SERVICE', () => {
  const output = { exit, planned: false, because: null, at: 1, readyAt: 0, dice: 0 }
  const spec = specOf({
    dependsOn: [{ service: 'db', condition: 'healthy' }],
    oneShot: true,
    restart: { policy: 'on_failure', onUnhealthy: false },
  })
  obeysLifecycleLaws(
    'service',
    serviceMachine.provide({ actors: { process: silent, gate: silent }, guards: { current: () => true } }),
    {
      input: { spec, run: 'run' },
      events: [
        { type: 'START', at: 0 },
        { type: 'STOP', at: 0 },
        { type: 'RESTART', at: 0 },
        { type: 'RECONFIGURE', at: 0, spec },
        { type: 'RESCHEDULE', schedule: { cron: '0 4 * * *', timezone: null } },
        { type: 'SET', setting: { spec, overrides: null, back: null } },
        { type: 'HOLD', because: 'x', at: 0 },
        { type: 'RELEASE', because: 'x', at: 0 },
        { type: 'GROUP', group: null },
        { type: 'GROUP', group: 'backend' },
        { type: 'REMOVE', at: 0 },
        { type: 'ADOPT', leader: { pid: 7, start: 1 }, incarnation: 'earlier.1.1', at: 0 },
        { type: 'RESUME', because: 'x', at: 0 },
        { type: 'REPLACE', because: 'x', at: 0 },
        { type: 'LEAVE' },
        { type: 'gate.open', waited: true },
        { type: 'gate.waiting', because: 'x' },
        { type: 'gate.blocked', because: 'x' },
        ...['spawned', 'ready', 'unhealthy', 'recovered', 'ending', 'killing', 'stuck'].map((fact) => ({
          type: `process.${fact}`,
          because: 'x',
          pid: 7,
          at: 0,
        })),
        { type: 'xstate.done.actor.process', actorId: 'process', output },
        { type: 'xstate.done.actor.process', actorId: 'process', output: { ...output, exit: { kind: 'exited', code: 0 } } },
        { type: 'xstate.error.actor.process', actorId: 'process', error: new Error('x') },
        { type: 'xstate.after.backoff.service.backingOff' },
      ],
      distinguish: ({ desired, op, history, next, group, loss }) => [
        desired,
        group,
        loss !== null,
        op !== null,
        next !== null,
        // Counters are left out, or the walk never ends.
        (history as { restarts: unknown[] }).restarts.length,
      ],
      unreached: [
        // Passed through within one step.
        'restoring',
        'decide',
        'gate.checking',
        'live.running.returning',
        // Only when unhealthy restarts it, see service.test.ts.
        'live.stopping.thenDecide',
        // Only for a service whose restarts overlap, see below.
        'live.running.overlapping.starting',
        'live.running.overlapping.waiting',
        'live.stopping.draining',
      ],
    },
  )
  const overlapping = specOf({ readiness: probe, restart: { overlap: true, policy: 'never', onUnhealthy: false } })
  obeysLifecycleLaws(
    'overlapping service',
    serviceMachine.provide({
      actors: { process: silent, gate: silent },
      guards: {
        current: (_, { incarnation: its }) => its === 'one',
        ofNext: ({ context }, { incarnation: its }) => context.beside?.role === 'next' && its === 'next',
      },
    }),
    {
      input: { spec: overlapping, run: 'run' },
      events: [
        { type: 'START', at: 0 },
        { type: 'STOP', at: 0 },
        { type: 'RESTART', at: 0 },
        { type: 'RECONFIGURE', at: 0, spec: overlapping },
        { type: 'HOLD', because: 'x', at: 0 },
        { type: 'RELEASE' },
        { type: 'REMOVE', at: 0 },
        { type: 'REPLACE', because: 'x', at: 0 },
        { type: 'LEAVE' },
        ...['next', 'previous'].map((role) => ({
          type: 'ADOPT',
          leader: { pid: 7, start: 1 },
          incarnation: 'earlier.1.1',
          beside: { role, leader: { pid: 8, start: 1 }, incarnation: 'earlier.2.2', readyAt: null, logOffset: null },
          at: 0,
        })),
        ...['spawned', 'ready', 'unhealthy', 'recovered', 'ending'].flatMap((fact) =>
          ['one', 'next'].map((its) => ({ type: `process.${fact}`, incarnation: its, because: 'x', pid: 7, at: 0 })),
        ),
        ...['process', 'process2'].flatMap((actorId) => [
          { type: `xstate.done.actor.${actorId}`, actorId, output },
          { type: `xstate.error.actor.${actorId}`, actorId, error: new Error('x') },
        ]),
      ],
      distinguish: ({ desired, next, beside, slot, readyAt, sick }) => [
        desired,
        next !== null,
        (beside as { role: string } | null)?.role,
        slot,
        readyAt !== null,
        sick,
      ],
      unreached: [
        'restoring',
        'decide',
        'gate.checking',
        'gate.waiting',
        'live.running.returning',
        'live.stopping.thenDecide',
        // Its policy does not start it again.
        'backingOff',
        'completed',
      ],
    },
  )
})

describe('GROUP', () => {
  const loss = { exit, planned: false, because: null, at: 1, readyAt: 0, dice: 0 }
  const seen = (...members: object[]) => ({
    type: 'members.seen',
    members: members.map((one, index) => Object.assign({ service: ['a', 'b'][index] }, wellMember, one)),
  })
  const spec = groupOf({ services: ['a', 'b'], restart: { maxRestarts: 1 } })
  const held = { state: 'held' }
  const lost = { ...held, loss }
  const rest = { state: 'stopped', rests: true, desired: 'stop' }
  const events = [
    seen({}, {}),
    seen(lost, {}),
    seen({}, lost),
    seen(held, {}),
    seen(held, held),
    seen({ state: 'gate' }, held),
    seen(rest, rest),
    seen({ state: 'failed', rests: true }, held),
    { type: 'START', by: 'me' },
    { type: 'STOP', by: 'me' },
    { type: 'RESTART', by: 'me' },
    { type: 'CONFIGURE', spec },
    { type: 'CONFIGURE', spec: { ...spec, strategy: 'one_for_one' } },
    { type: 'REMOVE' },
    { type: 'xstate.after.backoff.group.backingOff' },
  ]
  const distinguish = ({ spec: now, members, history, decision, released, asked, outcome }: Record<string, unknown>) => [
    now,
    members,
    history,
    decision,
    new Set(released as string[]).size,
    asked,
    outcome,
  ]
  // Passed through within one step.
  const passed = ['deciding', 'restoring']
  obeysLifecycleLaws('group', groupMachine.provide({ actors: { members: silent } }), {
    input: { spec },
    events,
    distinguish,
    unreached: passed,
  })
})

describe('SCHEDULE', () => {
  const schedule = { cron: '0 4 * * *', timezone: null }
  obeysLifecycleLaws('schedule', scheduleMachine.provide({ actors: { calendar: silent, order: silent } }), {
    input: { service: 'web', schedule, awaySince: null },
    events: [
      { type: 'calendar.next', at: '2026-01-01T04:00:00.000Z' },
      { type: 'calendar.next', at: null },
      { type: 'calendar.due', at: '2026-01-01T04:00:00.000Z' },
      { type: 'calendar.missed', because: 'x' },
      { type: 'order.answered', because: 'x' },
      { type: 'RESCHEDULE', schedule },
      { type: 'END' },
    ],
    distinguish: ({ nextAt }) => nextAt,
  })
})

describe('RESTART', () => {
  const view = targetOf(specOf())
  const mine = { ...view, op: { id: 'r1', by: 'me' } }
  const seen = (one: TargetView | null) => ({ type: 'target.seen', view: one, at: 1 })
  const machine = restartMachine.provide({ actors: { target: silent, program: silent } })
  const was = view.setting
  const change = { args: ['--new'], remember: true }
  const { spec } = changedBy(was, change)
  const failedSo = { ...mine, generation: 2, state: 'backingOff', spec, setting: { spec, overrides: null, back: null } }
  const events = [
    seen(null),
    seen(view),
    seen(mine),
    seen({ ...view, op: { id: 'r2', by: 'you' } }),
    seen({ ...mine, generation: 2, state: 'gate.waiting', pid: null }),
    seen({ ...mine, generation: 2, state: 'live.running.starting' }),
    seen({ ...mine, generation: 2, readyGeneration: 2 }),
    seen({ ...mine, generation: 2, state: 'backingOff' }),
    seen({ ...mine, desired: 'stop' }),
    { type: 'xstate.after.workflowTime.restart' },
  ]
  obeysLifecycleLaws('restart', machine, {
    input: { id: 'r1', service: 'web', by: 'me', at: 0 },
    events,
    unreached: ['checking', 'post', 'pre', 'restoring', 'settling'],
  })
  const judged = {
    spec: programSpec.parse({ type: 'make', command: 'clean' }),
    decision: { allowed: true, argv: ['make', 'clean'] },
  }
  const refused = { ...judged, decision: { allowed: false, rule: 'is_safe', because: 'x' } }
  const ended = (success: boolean) => ({ type: 'program.ended', result: { ...neverRan(judged.spec, 'x'), success }, at: 1 })
  const own = [...events, ended(true), ended(false), { type: 'xstate.after.changeSettles.restart.settling' }]
  obeysLifecycleLaws('restart with commands', machine, {
    input: { id: 'r1', service: 'web', by: 'me', at: 0, custom: { pre: [judged, judged], post: [judged], change: null } },
    events: own,
    distinguish: ({ pre, post }) => [pre, post],
    unreached: ['checking', 'restoring', 'settling'],
  })
  obeysLifecycleLaws('restart with a change', machine, {
    input: { id: 'r1', service: 'web', by: 'me', at: 0, custom: { pre: [], post: [judged], change } },
    events: [...own, seen(failedSo)],
    distinguish: ({ post }) => post,
    unreached: ['checking', 'pre'],
  })
  obeysLifecycleLaws('restart that is not permitted', machine, {
    input: { id: 'r1', service: 'web', by: 'me', at: 0, custom: { pre: [judged], post: [refused], change: null } },
    events: own,
    unreached: ['checking', 'post', 'pre', 'queued', 'restoring', 'settling', 'starting', 'stopping', 'verifying'],
  })
})

describe('PROGRAM', () => {
  const spec = programSpec.parse({ type: 'make', command: 'clean' })
  const machine = programMachine.provide({ actors: { program: silent } })
  obeysLifecycleLaws('program', machine, {
    input: { id: 'p1', by: 'me', timeout: 1, program: { spec, decision: { allowed: true, argv: ['make', 'clean'] } } },
    events: [{ type: 'program.ended', result: neverRan(spec, 'x'), at: 1 }],
    unreached: ['queued'],
  })
  obeysLifecycleLaws('program that is not permitted', machine, {
    input: { id: 'p1', by: 'me', timeout: 1, program: { spec, decision: { allowed: false, rule: 'is_safe', because: 'x' } } },
    events: [],
    unreached: ['queued', 'running'],
  })
})

describe('ROLLING', () => {
  const ended = (outcome: string) => ({
    type: 'turn.ended',
    result: { service: 'web-1', workflow: 'restart.a', outcome, because: null },
  })
  obeysLifecycleLaws('rolling', rollingMachine.provide({ actors: { turns: silent } }), {
    input: {
      id: 'r1',
      family: 'web',
      turns: [
        { service: 'web-1', id: 'a' },
        { service: 'web-2', id: 'b' },
      ],
      by: 'me',
    },
    events: [ended('done'), ended('failed'), { type: 'xstate.error.actor.turns', actorId: 'turns', error: new Error('x') }],
    distinguish: ({ results }) => (results as readonly unknown[]).length,
    // Passed through within one step.
    unreached: ['choosing'],
  })
})

describe('RELOAD', () => {
  const answer = {
    config: '/x',
    dry_run: false,
    changes: [],
    groups: [],
    unchanged: 0,
    because: 'nothing has changed',
    warnings: [],
  }
  const refused = (code: string) => ({ type: 'reload.refused', refusal: { code, message: 'no', data: {} } })
  const events = [
    { type: 'config.read', read: { path: '/x', services: [] }, answer },
    { type: 'changeover.told', answer },
    refused('invalid_params'),
    refused('busy'),
    { type: 'xstate.error.actor.source', actorId: 'source', error: new Error('x') },
    { type: 'xstate.error.actor.changeover', actorId: 'changeover', error: new Error('x') },
  ]
  const machine = reloadMachine.provide({ actors: { source: silent, changeover: silent } })
  // Passed through within one step.
  const passed = 'planned'
  obeysLifecycleLaws('reload', machine, {
    input: { id: 'r1', by: 'me', configPath: null, dryRun: false },
    events,
    unreached: [passed],
  })
  obeysLifecycleLaws('dry run', machine, {
    input: { id: 'r1', by: 'me', configPath: null, dryRun: true },
    events,
    unreached: [passed, 'applying'],
  })
})

describe('SWITCH', () => {
  const plan = { from: 'proxy', mode: 'advanced', stops: ['old'], restarts: ['web'], starts: ['new'] }
  const events = [
    { type: 'plan.made', plan, same: false, at: 1 },
    { type: 'plan.made', plan, same: true, at: 1 },
    { type: 'plan.refused', refusal: { code: 'busy', message: 'no', data: {} }, at: 1 },
    { type: 'step.done', services: ['web'], at: 2 },
    { type: 'step.failed', because: 'web failed', at: 2 },
    { type: 'step.cancelled', because: 'the orchestrator is stopping', at: 2 },
    ...['plan', 'step'].map((id) => ({ type: `xstate.error.actor.${id}`, actorId: id, error: new Error('x') })),
    ...['', 'rollingBack.'].flatMap((where) =>
      ['stopping', 'changing', 'verifying'].map((step) => ({ type: `xstate.after.stepTime.switch.${where}${step}` })),
    ),
  ]
  obeysLifecycleLaws('switch', switchMachine.provide({ actors: { plan: silent, step: silent } }), {
    input: { id: 's1', mode: 'advanced', by: 'me', at: 0 },
    events,
    distinguish: ({ outcome, rolledBack, begun }) => [outcome, rolledBack, begun],
  })
})

describe('SHUTDOWN', () => {
  obeysLifecycleLaws('shutdown', shutdownMachine.provide({ actors: { fleet: silent } }), {
    input: { layers: [['web'], ['db']], by: 'me' },
    events: [{ type: 'fleet.rested' }],
    distinguish: ({ layer }) => layer,
    unreached: ['stopping.choosing'],
  })
})

describe('LOCKDOWN', () => {
  const lockdown = { since: '2026-01-01T00:00:00.000Z', by: 'x', reason: 'y' }
  const events = [
    { type: 'LOCK', lockdown, origin: { via: 'unix' } },
    { type: 'LOCK', lockdown: { ...lockdown, reason: null }, origin: { via: 'http', peer: '127.0.0.1:1' } },
    { type: 'LIFT', by: 'x', reason: null, origin: { via: 'unix' } },
    { type: 'LIFT', by: 'x', reason: 'over', origin: { via: 'unix' } },
  ]
  // Passed through within one step.
  const unreached = ['waking']
  obeysLifecycleLaws('lifted', lockdownMachine, { input: { lockdown: null }, events, unreached })
  obeysLifecycleLaws('locked', lockdownMachine, { input: { lockdown }, events, unreached })
})

describe('LOGIN', () => {
  const from = { via: 'http', peer: '127.0.0.1:1' }
  obeysLifecycleLaws('login', loginMachine, {
    input: { id: '1', name: 'local:me via inspector', role: 'admin', by: 'local:me', from: { via: 'unix' } },
    events: [
      { type: 'USED', from, once: false },
      { type: 'USED', from, once: true },
      { type: 'CARRIED' },
      { type: 'DROPPED' },
      { type: 'END' },
      { type: 'REVOKED', because: 'x' },
      { type: 'REPLACED' },
      { type: 'xstate.after.ticketTime.login.issued' },
      { type: 'xstate.after.ticketTime.login.opening' },
      { type: 'xstate.after.sessionTime.login.inUse' },
    ],
  })
})

describe('ROTATION', () => {
  obeysLifecycleLaws('rotation', rotationMachine.provide({ actors: { keeper: silent } }), {
    input: undefined,
    events: [
      { type: 'rotation.opened' },
      ...['web', 'db'].flatMap((service) => [
        { type: 'rotation.began', service },
        { type: 'rotation.ended', service, archives: 1, blocked: null },
        { type: 'rotation.ended', service, archives: 0, blocked: 'y' },
        { type: 'rotation.failed', service, blocked: 'x' },
      ]),
      { type: 'xstate.error.actor.keeper', actorId: 'keeper', error: new Error('x') },
      { type: 'OPEN' },
    ],
    distinguish: ({ under, blocked }) => [[...new Set(under as string[])].sort(), blocked],
  })
})

describe('HOOK', () => {
  obeysLifecycleLaws('hook', hookMachine.provide({ actors: { place: silent, delivery: silent } }), {
    input: { id: 'a1', hook: 'pager', event: 'crashed', service: 'web', retries: 1, delay: 10 },
    events: [
      { type: 'place.given' },
      { type: 'place.lost', because: 'too many' },
      { type: 'delivery.ended', because: null, again: false },
      { type: 'delivery.ended', because: 'no', again: true },
      { type: 'delivery.ended', because: 'no', again: false },
      { type: 'xstate.after.backoff.hook.open.waiting' },
      { type: 'xstate.error.actor.place', actorId: 'place', error: new Error('x') },
      { type: 'xstate.error.actor.delivery', actorId: 'delivery', error: new Error('x') },
    ],
    distinguish: ({ tries }) => tries,
  })
})

describe('LISTENER', () => {
  obeysLifecycleLaws('listener', listenerMachine.provide({ actors: { socket: silent } }), {
    input: { name: 'control', endpoint: 'memory:', dialect: 'jsonrpc' },
    events: [
      { type: 'listener.bound', address: 'x' },
      { type: 'listener.accepted', link: 'l1', peer: 'x' },
      { type: 'listener.closed', reason: { kind: 'remote' } },
      { type: 'OPEN' },
    ],
  })
})

describe('CONNECTION', () => {
  const principal = { name: 'local', via: 'unix', role: 'admin' } as const
  obeysLifecycleLaws('connection', connectionMachine.provide({ actors: { conversation: silent } }), {
    input: { id: '1', listener: 'control', link: 'l1', peer: 'x', dialect: 'jsonrpc', principal: null },
    events: [
      { type: 'conversation.authenticated', principal },
      { type: 'conversation.closed', because: 'x' },
      { type: 'CLOSE', because: 'x' },
      { type: 'xstate.after.authenticationTime.connection.authenticating' },
    ],
  })
})
