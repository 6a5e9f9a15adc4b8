import type { CallbackActorLogic } from 'xstate'
import { connectionMachine } from './machines/connection.ts'
import { contained } from './machines/contained.ts'
import type { MembersCommand } from './machines/group-members.ts'
import { groupMachine } from './machines/group.ts'
import { hookMachine } from './machines/hook.ts'
import { listenerMachine, type Admission, type ListenerInput } from './machines/listener.ts'
import { lockdownMachine } from './machines/lockdown.ts'
import { loginMachine } from './machines/login.ts'
import { orchestratorOf } from './machines/orchestrator.ts'
import { poolOf } from './machines/pool.ts'
import { processMachine } from './machines/process.ts'
import { programMachine } from './machines/program.ts'
import { reloadMachine, type ChangeoverInput, type SourceInput } from './machines/reload.ts'
import type { TargetCommand } from './machines/restart-vocabulary.ts'
import { restartMachine } from './machines/restart.ts'
import { scheduleMachine } from './machines/schedule.ts'
import { rollingMachine, type TurnCommand } from './machines/rolling.ts'
import { rotationMachine } from './machines/rotation.ts'
import { serviceMachine, type GateInput } from './machines/service.ts'
import { shutdownMachine, type FleetStop, type ShutdownInput } from './machines/shutdown.ts'
import type { PlanInput, StepInput } from './machines/switch-vocabulary.ts'
import { switchMachine } from './machines/switch.ts'
import type { ConversationCommand, ConversationInput } from './protocol/conversation.ts'
import type { Statement } from './protocol/facts.ts'
import type { ChildCommand, ChildInput, MemoryWatchInput, ProbeCommand, ProbeInput } from './protocol/process.ts'
import type { ProgramCommand, RunInput } from './protocol/program.ts'
import type { CalendarInput, OrderInput } from './protocol/schedule.ts'

/** What fills the ports of the machines. */
export interface TreeParts {
  /** Records a fact. */
  state(statement: Statement): void
  /** The secret of this login is worth nothing any more. */
  loginOver(id: string, because: string): void
  /** Makes a connection actor of an accepted link. */
  admit(admission: Admission): void
  readonly child: CallbackActorLogic<ChildCommand, ChildInput>
  readonly probe: CallbackActorLogic<ProbeCommand, ProbeInput>
  readonly memory: CallbackActorLogic<{ type: 'memory.none' }, MemoryWatchInput>
  readonly calendar: CallbackActorLogic<{ type: 'calendar.none' }, CalendarInput>
  /** Orders the restarts of a schedule. */
  readonly order: CallbackActorLogic<{ type: 'order.none' }, OrderInput>
  readonly gate: CallbackActorLogic<{ type: 'gate.look' }, GateInput>
  readonly members: CallbackActorLogic<MembersCommand, { services: readonly string[] }>
  readonly target: CallbackActorLogic<TargetCommand, { service: string }>
  /** Restarts one service after the other. */
  readonly turns: CallbackActorLogic<TurnCommand, { readonly by: string; readonly request?: string | undefined }>
  readonly program: CallbackActorLogic<ProgramCommand, RunInput>
  readonly fleet: CallbackActorLogic<FleetStop, Pick<ShutdownInput, 'by' | 'mode'>>
  /** Reads the config of a reload. */
  readonly source: CallbackActorLogic<{ type: 'source.none' }, SourceInput>
  /** Tells the services of a reload. */
  readonly changeover: CallbackActorLogic<{ type: 'changeover.none' }, ChangeoverInput>
  /** Looks what a switch of modes has to do, and does each step of it. */
  readonly plan: CallbackActorLogic<{ type: 'plan.none' }, PlanInput>
  readonly step: CallbackActorLogic<{ type: 'step.none' }, StepInput>
  /** Keeps the logs of services within their sizes. */
  readonly logKeeper: CallbackActorLogic<{ type: 'keeper.none' }, { readonly rotation: string }>
  /** The turn of a delivery to a hook, and one try of it. */
  readonly place: CallbackActorLogic<{ type: 'place.none' }, { readonly id: string }>
  readonly delivery: CallbackActorLogic<{ type: 'delivery.none' }, { readonly id: string }>
  readonly socket: CallbackActorLogic<{ type: 'socket.none' }, ListenerInput>
  readonly conversation: CallbackActorLogic<ConversationCommand, ConversationInput>
}

/** Every machine with its ports filled, below one root. `contained` comes last, because `provide` makes a new machine. */
export function supervisionTree(parts: TreeParts) {
  const { state, admit, loginOver, child, probe, memory, gate, members, target, turns, program, fleet } = parts
  const { calendar, order, source, changeover, plan, step, logKeeper, place, delivery, socket, conversation } = parts
  const actions = { state: (_: unknown, statement: Statement) => state(statement) }
  const process = contained(processMachine.provide({ actors: { child, probe, memory } }))
  const service = contained(serviceMachine.provide({ actors: { process, gate }, actions }))
  const group = contained(groupMachine.provide({ actors: { members }, actions }))
  const restart = contained(restartMachine.provide({ actors: { target, program }, actions }))
  const rolling = contained(rollingMachine.provide({ actors: { turns }, actions }))
  const one = contained(programMachine.provide({ actors: { program }, actions }))
  const shutdown = contained(shutdownMachine.provide({ actors: { fleet }, actions }))
  const reload = contained(reloadMachine.provide({ actors: { source, changeover }, actions }))
  const modes = contained(switchMachine.provide({ actors: { plan, step }, actions }))
  const schedule = contained(scheduleMachine.provide({ actors: { calendar, order }, actions }))
  const rotation = contained(rotationMachine.provide({ actors: { keeper: logKeeper } }))
  const hook = contained(hookMachine.provide({ actors: { place, delivery }, actions }))
  const lockdown = contained(lockdownMachine.provide({ actions }))
  const login = contained(loginMachine.provide({ actions: { ...actions, over: (_, { id, because }) => loginOver(id, because) } }))
  const listener = contained(
    listenerMachine.provide({ actors: { socket }, actions: { ...actions, admit: (_, admission) => admit(admission) } }),
  )
  const connection = contained(connectionMachine.provide({ actors: { conversation } }))
  return orchestratorOf(
    {
      services: poolOf(service, state),
      groups: poolOf(group, state),
      workflows: poolOf(restart, state),
      rollings: poolOf(rolling, state),
      programs: poolOf(one, state),
      reloads: poolOf(reload, state),
      switches: poolOf(modes, state),
      schedules: poolOf(schedule, state),
      shutdowns: poolOf(shutdown, state),
      rotations: poolOf(rotation, state),
      hooks: poolOf(hook, state),
      lockdowns: poolOf(lockdown, state),
      logins: poolOf(login, state),
      listeners: poolOf(listener, state),
      connections: poolOf(connection, state),
    },
    state,
  )
}
